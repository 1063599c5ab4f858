"""Runs static Linux executables for aarch64: under QEMU where that is installed, and anywhere on the
processor of the library unicorn, with the few services of a kernel that the start-up object needs."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import unicorn
from elftools.elf.elffile import ELFFile
from unicorn import arm64_const as arm64

QEMU = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
SECONDS = 120

Outcome = tuple[int, str]
"""The exit status (negative: the signal that ended it), and what was written."""


def run_under_qemu(executable: bytes, folder: Path) -> Outcome:
    """Run an executable by user-mode emulation."""
    assert QEMU is not None
    file = folder / "executable"
    file.write_bytes(executable)
    file.chmod(0o755)
    done = subprocess.run([QEMU, file], capture_output=True, timeout=SECONDS, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


def run_under_unicorn(executable: bytes) -> Outcome:
    """Run an executable in this process."""
    process = _Process(executable)
    try:
        process.run()
    except _Exit as exit_:
        return exit_.status, process.output.decode()
    raise AssertionError("unreachable")


PAGE = 0x1000
KERNEL_STACK = 0x7F_0000_0000
KERNEL_STACK_SIZE = 1 << 20
NOWHERE = 1 << 62
"""unicorn wants an address to stop at."""

SIGILL, SIGTRAP, SIGSEGV = 4, 5, 11
SIGNALS = {
    # QEMU's numbers of exceptions, and unicorn's errors.
    1: SIGILL,
    7: SIGTRAP,
    unicorn.UC_ERR_INSN_INVALID: SIGILL,
    unicorn.UC_ERR_READ_UNMAPPED: SIGSEGV,
    unicorn.UC_ERR_WRITE_UNMAPPED: SIGSEGV,
    unicorn.UC_ERR_FETCH_UNMAPPED: SIGSEGV,
    unicorn.UC_ERR_READ_PROT: SIGSEGV,
    unicorn.UC_ERR_WRITE_PROT: SIGSEGV,
    unicorn.UC_ERR_FETCH_PROT: SIGSEGV,
}
SUPERVISOR_CALL = 2
SA_SIGINFO, SA_NODEFER = 4, 0x4000_0000
SIGINFO = struct.Struct("<i124x")
UCONTEXT = struct.Struct("<176xQ31QQQQ")
"""Of `struct ucontext`: uc_mcontext, with fault_address, regs, sp, pc and pstate."""
FRAME = 4704
"""Bytes that the kernel takes of the stack for a signal; most is for floating-point registers."""
EINVAL, ENOMEM = 22, 12

_X = [getattr(arm64, f"UC_ARM64_REG_X{n}") for n in range(31)]


class _Exit(Exception):
    """The process has ended."""

    def __init__(self, status: int):
        self.status = status


class _Process:
    """A process: its processor and memory, and what the kernel knows of it."""

    def __init__(self, executable: bytes):
        self.output = b""
        self.handlers: dict[int, tuple[int, int]] = {}
        """Address and flags by signal."""
        self.blocked: set[int] = set()
        self.exception = 0
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
        self.uc.hook_add(unicorn.UC_HOOK_INTR, self._on_exception)
        # Floating-point instructions are off until they are switched on.
        self.uc.reg_write(arm64.UC_ARM64_REG_CPACR_EL1, 3 << 20)
        self._load(ELFFile(io.BytesIO(executable)))
        self.uc.mem_map(
            KERNEL_STACK, KERNEL_STACK_SIZE, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE
        )
        self.uc.reg_write(arm64.UC_ARM64_REG_SP, KERNEL_STACK + KERNEL_STACK_SIZE - 64)

    def _load(self, elf: Any) -> None:
        """Map the segments, which must be as a kernel wants them: in order, each in whole pages."""
        assert (elf["e_type"], elf["e_machine"]) == ("ET_EXEC", "EM_AARCH64")
        last = 0
        for segment in elf.iter_segments("PT_LOAD"):
            address, size = segment["p_vaddr"], segment["p_memsz"]
            assert address % segment["p_align"] == segment["p_offset"] % segment["p_align"] == 0
            assert last <= address
            last = address + size
            flags = segment["p_flags"]
            rights = (flags & 4) >> 2 | flags & 2 | (flags & 1) << 2
            self.uc.mem_map(address, (size + PAGE - 1) & -PAGE, rights)
            self.uc.mem_write(address, segment.data())
        self.uc.reg_write(arm64.UC_ARM64_REG_PC, elf["e_entry"])

    def run(self) -> None:
        """Run until the process ends. Raises _Exit."""
        uc = self.uc
        while True:
            self.exception = 0
            error = 0
            try:
                uc.emu_start(
                    uc.reg_read(arm64.UC_ARM64_REG_PC), NOWHERE, timeout=SECONDS * 1_000_000
                )
            except unicorn.UcError as caught:
                error = caught.errno
            if self.exception == SUPERVISOR_CALL:
                self._serve()
            elif (what := self.exception or error) in SIGNALS:
                self._signal(SIGNALS[what])
            else:
                raise AssertionError(f"stopped by exception {self.exception}, error {error}")

    def _on_exception(self, uc: Any, number: int, data: Any) -> None:
        self.exception = number
        uc.emu_stop()

    # --- signals ---

    def _signal(self, number: int) -> None:
        """Enter a handler as the kernel does for a fault; without one, or in it, the process ends."""
        uc = self.uc
        if number not in self.handlers or number in self.blocked:
            raise _Exit(-number)
        handler, flags = self.handlers[number]
        assert flags & SA_SIGINFO
        if not flags & SA_NODEFER:
            self.blocked.add(number)
        registers = [uc.reg_read(register) for register in _X]
        sp, pc = uc.reg_read(arm64.UC_ARM64_REG_SP), uc.reg_read(arm64.UC_ARM64_REG_PC)
        info = (sp - FRAME) & -16
        context = info + SIGINFO.size
        try:
            uc.mem_write(info, SIGINFO.pack(number))
            uc.mem_write(context, UCONTEXT.pack(0, *registers, sp, pc, 0))
        except unicorn.UcError:
            raise _Exit(-SIGSEGV) from None
        # There is nothing to return to: rt_sigreturn is not served.
        for register, value in zip(_X, (number, info, context), strict=False):
            uc.reg_write(register, value)
        uc.reg_write(arm64.UC_ARM64_REG_LR, NOWHERE)
        uc.reg_write(arm64.UC_ARM64_REG_SP, info)
        uc.reg_write(arm64.UC_ARM64_REG_PC, handler)

    # --- system calls ---

    def _serve(self) -> None:
        number, *arguments = (self.uc.reg_read(_X[n]) for n in (8, 0, 1, 2, 3, 4, 5))
        result = SYSTEM_CALLS[number](self, *arguments)
        self.uc.reg_write(_X[0], result & 0xFFFF_FFFF_FFFF_FFFF)

    def write(self, file: int, address: int, size: int, *_: int) -> int:
        """write(2), to the standard output only."""
        assert file == 1
        self.output += self.uc.mem_read(address, size)
        return size

    def exit_group(self, status: int, *_: int) -> int:
        """exit_group(2)."""
        raise _Exit(status & 0xFF)

    def rt_sigaction(self, number: int, action: int, old: int, mask_size: int, *_: int) -> int:
        """rt_sigaction(2)."""
        assert (old, mask_size) == (0, 8)
        handler, flags, _restorer, mask = struct.unpack("<4Q", self.uc.mem_read(action, 32))
        assert mask == 0
        self.handlers[number] = handler, flags
        return 0

    def mmap(self, address: int, size: int, rights: int, flags: int, file: int, offset: int) -> int:
        """mmap(2) of zeros for reading and writing, at a fixed address that nothing is at."""
        assert (rights, flags, file & 0xFFFF_FFFF, offset) == (3, 0x32, 0xFFFF_FFFF, 0)
        if size == 0:
            return -EINVAL
        try:
            self.uc.mem_map(address, size, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
        except unicorn.UcError:
            return -ENOMEM
        return address


SYSTEM_CALLS = {
    64: _Process.write,
    94: _Process.exit_group,
    134: _Process.rt_sigaction,
    222: _Process.mmap,
}
"""By their numbers on aarch64."""
