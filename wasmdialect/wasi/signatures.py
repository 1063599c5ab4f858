"""The WebAssembly signatures of the 46 functions of `wasi_snapshot_preview1`.

Source: WASI preview 1, `wasi_snapshot_preview1.witx`, lowered as its rules say: a pointer, a size, a
handle, an enumeration and a flag set of up to 32 bits are an i32; a list and a string are two of them,
pointer and length; a result other than the error number is a pointer it is stored through.
"""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.types import I32, NUMBERS, FuncType

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULE = "wasi_snapshot_preview1"
"""The name of the module that a program imports these functions from."""


_ROWS = (
    ("args_get", "i32 i32"),  # argv, argv_buf
    ("args_sizes_get", "i32 i32"),  # -> argc, argv_buf_size
    ("environ_get", "i32 i32"),  # environ, environ_buf
    ("environ_sizes_get", "i32 i32"),  # -> count, buf_size
    ("clock_res_get", "i32 i32"),  # id -> resolution
    ("clock_time_get", "i32 i64 i32"),  # id, precision -> time
    ("fd_advise", "i32 i64 i64 i32"),  # fd, offset, len, advice
    ("fd_allocate", "i32 i64 i64"),  # fd, offset, len
    ("fd_close", "i32"),  # fd
    ("fd_datasync", "i32"),  # fd
    ("fd_fdstat_get", "i32 i32"),  # fd -> fdstat
    ("fd_fdstat_set_flags", "i32 i32"),  # fd, fdflags
    ("fd_fdstat_set_rights", "i32 i64 i64"),  # fd, base, inheriting
    ("fd_filestat_get", "i32 i32"),  # fd -> filestat
    ("fd_filestat_set_size", "i32 i64"),  # fd, size
    ("fd_filestat_set_times", "i32 i64 i64 i32"),  # fd, atim, mtim, fstflags
    ("fd_pread", "i32 i32 i32 i64 i32"),  # fd, iovs, offset -> nread
    ("fd_prestat_get", "i32 i32"),  # fd -> prestat
    ("fd_prestat_dir_name", "i32 i32 i32"),  # fd, path
    ("fd_pwrite", "i32 i32 i32 i64 i32"),  # fd, ciovs, offset -> nwritten
    ("fd_read", "i32 i32 i32 i32"),  # fd, iovs -> nread
    ("fd_readdir", "i32 i32 i32 i64 i32"),  # fd, buf, cookie -> bufused
    ("fd_renumber", "i32 i32"),  # fd, to
    ("fd_seek", "i32 i64 i32 i32"),  # fd, offset, whence -> new offset
    ("fd_sync", "i32"),  # fd
    ("fd_tell", "i32 i32"),  # fd -> offset
    ("fd_write", "i32 i32 i32 i32"),  # fd, ciovs -> nwritten
    ("path_create_directory", "i32 i32 i32"),  # fd, path
    ("path_filestat_get", "i32 i32 i32 i32 i32"),  # fd, lookupflags, path -> filestat
    ("path_filestat_set_times", "i32 i32 i32 i32 i64 i64 i32"),  # ..., path, atim, mtim, fstflags
    ("path_link", "i32 i32 i32 i32 i32 i32 i32"),  # old fd, lookupflags, old path, new fd, new path
    ("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32"),
    # fd, lookupflags, path, oflags, base and inheriting rights, fdflags -> opened fd
    ("path_readlink", "i32 i32 i32 i32 i32 i32"),  # fd, path, buf -> bufused
    ("path_remove_directory", "i32 i32 i32"),  # fd, path
    ("path_rename", "i32 i32 i32 i32 i32 i32"),  # old fd, old path, new fd, new path
    ("path_symlink", "i32 i32 i32 i32 i32"),  # old path, fd, new path
    ("path_unlink_file", "i32 i32 i32"),  # fd, path
    ("poll_oneoff", "i32 i32 i32 i32"),  # in, out, nsubscriptions -> nevents
    ("proc_raise", "i32"),  # signal
    ("sched_yield", ""),
    ("random_get", "i32 i32"),  # buf
    ("sock_accept", "i32 i32 i32"),  # fd, fdflags -> accepted fd
    ("sock_recv", "i32 i32 i32 i32 i32 i32"),  # fd, iovs, riflags -> size, roflags
    ("sock_send", "i32 i32 i32 i32 i32"),  # fd, ciovs, siflags -> size
    ("sock_shutdown", "i32 i32"),  # fd, sdflags
)

SIGNATURES: Mapping[str, FuncType] = {
    **{
        name: FuncType(tuple(NUMBERS[word] for word in words.split()), (I32,))
        for name, words in _ROWS
    },
    "proc_exit": FuncType((I32,)),
}
"""The signature of each function by its name."""
