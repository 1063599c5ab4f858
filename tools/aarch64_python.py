"""A CPython for aarch64 Linux that runs here under QEMU's user-mode emulation, in a folder of its own.

    python tools/aarch64_python.py              # set it up, print where it is
    python tools/aarch64_python.py test         # and run the tests of the runtime in it: an hour
    python tools/aarch64_python.py run m.wasm   # anything else: `wasmdialect` with these arguments

The interpreter and its libraries are Debian's, by an `apt-get` with a configuration of its own;
packages are PyPI's wheels. Nothing outside of `.venv/aarch64` changes. It needs `qemu-aarch64` (Debian:
qemu-user), `apt-get` and `dpkg-deb`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / ".venv/aarch64"
PYTHON = FOLDER / "env/bin/python"
VERSION = "3.11"
DEBIAN = "bookworm"
"""The release whose Python has this version."""
MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES = (
    *(f"python{VERSION}-minimal", f"libpython{VERSION}-minimal", f"libpython{VERSION}-stdlib"),
    *("libc6", "libffi8", "libssl3", "zlib1g", "libbz2-1.0", "liblzma5", "libexpat1"),
    *("libgcc-s1", "libstdc++6", "libuuid1", "libcrypt1"),
)
WITHOUT = ("hatchling", "z3-solver")
"""Packages for tests that are not run there."""
PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_28_aarch64")


class SetUpError(Exception):
    """Why there is no emulated Python; the message says what to do."""


def emulator() -> str:
    """The program that runs it. Raises SetUpError."""
    found = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
    if found is None:
        raise SetUpError("qemu-aarch64 is not installed: apt-get install qemu-user")
    return found


def set_up() -> Path:
    """Set the emulated Python up, if it is not there, and return its path. Raises SetUpError."""
    qemu = emulator()
    stamp = FOLDER / "stamp"
    inputs = f"{qemu} {REPOSITORY} {requirements()} {Path(__file__).read_text()}"
    digest = hashlib.sha256(inputs.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        _install_debian()
        _install_wheels()
        _write_environment(qemu)
        stamp.write_text(digest)
    return PYTHON


def requirements() -> list[str]:
    """What this package and its tests need, as in pyproject.toml."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    return [line for line in wanted if not line.startswith(WITHOUT)]


def _run(*command: str | Path, **options: object) -> None:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=600, **options
    )  # pyright: ignore
    if done.returncode:
        words = " ".join(map(str, command[:3]))
        raise SetUpError(f"`{words} ...` failed:\n{(done.stdout + done.stderr).strip()}")


def _install_debian() -> None:
    """Unpack Debian's packages for arm64 into `root`."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise SetUpError(
                f"{tool} is not here: the emulated Python is made of Debian's packages"
            )
    apt, downloads = FOLDER / "apt", FOLDER / "downloads"
    for name in ("lists/partial", "cache/archives/partial", "etc"):
        (apt / name).mkdir(parents=True)
    downloads.mkdir()
    signed = f" signed-by={KEYRING}" if KEYRING.exists() else ""
    source = f"deb [arch=arm64{signed}] {MIRROR} {DEBIAN} main\n"
    (apt / "sources.list").write_text(source)
    (apt / "status").touch()
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Dir::State": apt,
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "Dir::Etc": apt / "etc",
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
    }
    lines = (f'{name} "{value}";\n' for name, value in settings.items())
    (apt / "apt.conf").write_text("".join(lines))
    environment = os.environ | {"APT_CONFIG": str(apt / "apt.conf")}
    _run("apt-get", "-q", "update", env=environment)
    _run("apt-get", "-q", "download", *PACKAGES, env=environment, cwd=downloads)
    for package in downloads.glob("*.deb"):
        _run("dpkg-deb", "-x", package, FOLDER / "root")
    shutil.rmtree(downloads)
    shutil.rmtree(apt)


def _install_wheels() -> None:
    """Install wheels for aarch64 into `site`."""
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    tags = ("--abi", f"cp{VERSION.replace('.', '')}", "--abi", "abi3", "--abi", "none")
    _run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--only-binary=:all:", "--no-compile", "--python-version", VERSION),
        *("--implementation", "cp", *tags, *platforms, "--target", FOLDER / "site"),
        *requirements(),
    )


def _write_environment(qemu: str) -> None:
    """A virtual environment whose `python` is the emulator with the interpreter."""
    root, environment = FOLDER / "root", FOLDER / "env"
    site = environment / f"lib/python{VERSION}/site-packages"
    site.mkdir(parents=True)
    PYTHON.parent.mkdir()
    (site / "wasmdialect.pth").write_text(f"{REPOSITORY}\n{FOLDER / 'site'}\n")
    (environment / "pyvenv.cfg").write_text(
        f"home = {root}/usr/bin\ninclude-system-site-packages = false\nversion = {VERSION}\n"
    )
    # `sys.executable` is this script, so that child processes are emulated too.
    _write_program(
        PYTHON,
        f'#!/bin/sh\nexec {qemu} -0 "$0" -L {root} {root}/usr/bin/python{VERSION} "$@"\n',
    )
    package = distribution("wasmdialect")
    metadata = site / f"wasmdialect-{package.version}.dist-info"
    metadata.mkdir()
    for name in ("METADATA", "entry_points.txt"):
        (metadata / name).write_text(package.read_text(name) or "")
    for command in package.entry_points.select(group="console_scripts"):
        start = f"import sys\nfrom {command.module} import main\nsys.exit(main())\n"
        _write_program(PYTHON.parent / command.name, f"#!{PYTHON}\n{start}")


def _write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


# --- the tests ---

TESTS = (
    *("tests/runtime/native", "tests/runtime/test_lazy.py", "tests/runtime/test_tiers.py"),
    *("tests/runtime/test_exceptions.py", "tests/runtime/test_tail_calls.py"),
    *("tests/runtime/test_atomics.py", "tests/runtime/test_system_pages.py"),
    *("tests/api/test_calls.py", "tests/api/test_functions.py", "tests/api/test_start.py"),
    *(
        "tests/api/test_fuel_and_epochs.py",
        "tests/wasi/test_functions.py",
        "tests/wasi/test_bounds.py",
    ),
)
"""What is run there, besides scripts of the test-suite."""
OF_THE_EMULATOR = (
    # QEMU keeps what it allocates for a thread.
    "test_activations_of_ended_threads_are_freed",
)


def run_tests(python: Path) -> int:
    """Run the tests; returns the exit code."""
    scripts = FOLDER / "scripts"
    tool = REPOSITORY / "tools/aarch64_scripts.py"
    left_out = " and ".join(f"not {name}" for name in OF_THE_EMULATOR)
    commands = (
        [sys.executable, tool, "compile", scripts],
        [python, tool, "run", scripts],
        [python, "-m", "pytest", "-q", "-k", left_out, *TESTS],
    )
    return max(subprocess.run(command, cwd=REPOSITORY).returncode for command in commands)


def main() -> int:
    """The command line."""
    try:
        python = set_up()
    except SetUpError as error:
        print(f"No emulated Python for aarch64: {error}", file=sys.stderr)
        return 1
    match sys.argv[1:]:
        case []:
            print(python)
            return 0
        case ["test"]:
            return run_tests(python)
        case arguments:
            return subprocess.run([python.parent / "wasmdialect", *arguments]).returncode


if __name__ == "__main__":
    sys.exit(main())
