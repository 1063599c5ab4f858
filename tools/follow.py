"""Follow a document: write the files that it names, give its commands, compare what they print.

    python tools/follow.py DOCUMENT [FOLDER]

A file is a block with a title, commands are in blocks of `console`, each after `$ `, and what they
print comes after them; `...` stands for anything. Without FOLDER a temporary one is used. Prints a log.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r'^```(?:\w+ title="([^"]+)"|console)\n(.*?)^```$', re.DOTALL | re.MULTILINE)


class DoesNotFollow(Exception):
    """A command fails, or prints something else than the document says."""


def follow(document: Path, folder: Path, *, skip: str = "(?!)", log: bool = False) -> None:
    """Follow a document in a folder, but for commands that match `skip`. Raises DoesNotFollow."""
    for block in BLOCK.finditer(document.read_text()):
        name, text = block.groups()
        if name is not None:
            (folder / name).write_text(text)
            continue
        for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, expected = step.partition("\n")
            if re.search(skip, command):
                continue
            output = _output(folder, command)
            if log:
                print(f"$ {command}\n{output}", end="", flush=True)
            pattern = ".*".join(map(re.escape, expected.split("...")))
            if not re.fullmatch(pattern, output, re.DOTALL):
                raise DoesNotFollow(f"$ {command}\n{output}-- the document says:\n{expected}")


def _output(folder: Path, command: str) -> str:
    """What a command prints, on both streams, in the order of a terminal."""
    ours = {"CHECKOUT": str(ROOT), "LC_ALL": "C", "PYTHONUNBUFFERED": "1"}
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **ours, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
    )
    if done.returncode != 0:
        raise DoesNotFollow(f"$ {command}\n{done.stdout}-- its exit code is {done.returncode}")
    return done.stdout


def main() -> None:
    """The command."""
    document, *folder = sys.argv[1:]
    with tempfile.TemporaryDirectory() as temporary:
        try:
            follow(Path(document), Path(*folder or (temporary,)), log=True)
        except DoesNotFollow as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
