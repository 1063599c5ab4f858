"""The package data of the glue: it is what its sources give, and loads without llvmlite."""

import os
import re
import subprocess
import sys
from pathlib import Path

import gdb_library
import llvmlite
import pytest
from compiled_code import build_native

import wasmdialect.runtime.native.glue as glue_module
from wasmdialect._cpuinfo import MACHINE
from wasmdialect.abi.builtins import BUILTINS
from wasmdialect.runtime.native import NativeUnavailableError
from wasmdialect.runtime.native.blob import blob_paths, read_blob
from wasmdialect.runtime.native.glue import NativeGlue
from wasmdialect.runtime.native.outcomes import Status
from wasmdialect.runtime.native.structures import ACTIVATION, ACTIVATION_OFFSETS

TOOLS = Path(__file__).parents[3] / "tools"
ARCHITECTURES = pytest.mark.parametrize(
    "architecture", build_native.ARCHITECTURES, ids=lambda architecture: architecture.name
)


@ARCHITECTURES
def test_package_data_is_what_the_sources_give(architecture):
    if architecture.name == "x86_64" and MACHINE != "x86_64":
        pytest.skip("llvmlite has the assembler of the machine that it runs on only")
    image, description = blob_paths(architecture.name)
    description_text = Path(description).read_text()
    built_with = description_text.split()[1]
    if built_with != llvmlite.__version__:
        pytest.skip(f"the image was built with llvmlite {built_with}")
    # In a process of its own: LLVM's options, which the compiler sets, are the process's.
    program = (
        f"import sys; sys.path.insert(0, {str(TOOLS)!r}); import build_native;"
        f"(a,) = [a for a in build_native.ARCHITECTURES if a.name == {architecture.name!r}];"
        "blob = build_native.build(a);"
        "sys.stdout.write(blob.image.hex() + '\\n' + build_native.description(blob))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    built, _, metadata = done.stdout.partition("\n")
    assert bytes.fromhex(built) == Path(image).read_bytes()
    assert metadata == description_text


@pytest.mark.parametrize("name", gdb_library.ARCHITECTURES)
def test_library_for_gdb_is_what_its_source_gives(name):
    content = (gdb_library.FOLDER / f"{name}-gdb.so").read_bytes()
    assert gdb_library.build(gdb_library.ARCHITECTURES[name]) == content


@ARCHITECTURES
def test_every_builtin_has_its_function(architecture):
    symbols = read_blob(architecture.name).symbols
    assert {f"builtin.{name}" for name in BUILTINS} <= symbols.keys()


@ARCHITECTURES
def test_addresses_are_only_in_the_writable_part(architecture):
    blob = read_blob(architecture.name)
    assert blob.relative
    assert min(blob.relative) >= blob.writable_offset
    assert blob.writable_offset % architecture.page_size == 0


def test_link_refuses_imports():
    architecture = build_native.ARCHITECTURES[0]
    code = "declare void @elsewhere()\ndefine void @f() {\n call void @elsewhere()\n ret void }"
    with pytest.raises(build_native.LinkError, match=r"undefined symbol 'elsewhere'"):
        build_native.link(build_native.compile_object(code, architecture), architecture)


def test_assembly_agrees_with_the_tables():
    # @call_array and @landing have these as literals.
    assert ACTIVATION_OFFSETS["landing_sp"] == 0
    assert (Status.RETURNED, Status.TRAPPED) == (0, 1)


def test_documentation_has_the_activation():
    text = (Path(__file__).parents[3] / "docs/native.md").read_text()
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    assert rows == [
        (str(ACTIVATION_OFFSETS[word.name]), word.name, word.doc) for word in ACTIVATION
    ]


def test_runtime_needs_no_llvm(run_program):
    result = run_program(
        "",
        first="""
from wasmdialect.runtime.native import native
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
native()
print([name for name in ("llvmlite", "xdsl", "lark") if name in sys.modules])
sys.stdout.flush()
os._exit(0)
""",
    )
    assert result.stdout == "[]\n", result.stderr


def test_import_sets_nothing_up(run_program):
    result = run_program(
        "",
        first="""
import wasmdialect.runtime.native.glue as glue
print(glue._glue)
sys.stdout.flush()
os._exit(0)
""",
    )
    assert result.stdout == "None\n", result.stderr


def test_set_up_once_by_many_threads(run_program):
    result = run_program(
        "",
        first="""
from wasmdialect.runtime.native import native
seen = []
barrier = threading.Barrier(8)
def worker():
    barrier.wait()
    seen.append(native())
threads = [threading.Thread(target=worker) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(seen), len(set(map(id, seen))))
sys.stdout.flush()
os._exit(0)
""",
    )
    assert result.stdout == "8 1\n", result.stderr


def test_other_processors_are_refused(monkeypatch):
    uname = os.uname()
    other = os.uname_result((*uname[:4], "pdp11"))
    monkeypatch.setattr(glue_module.os, "uname", lambda: other)
    with pytest.raises(NativeUnavailableError, match="pdp11"):
        NativeGlue()


def test_other_systems_are_refused(monkeypatch):
    monkeypatch.setattr(glue_module.sys, "platform", "win32")
    with pytest.raises(NativeUnavailableError, match="win32"):
        NativeGlue()
