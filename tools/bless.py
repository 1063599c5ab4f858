"""Regenerate the expected output of the IR tests that say `BLESS`.

    python tools/bless.py tests/filecheck/passes/wasmir-dce/*.mlir

A marked test has the line `// BLESS` (`;; BLESS` in .wat). After each of its `PREFIX-LABEL:` lines the
`PREFIX-NEXT:` lines are replaced by the output of the RUN line with that prefix after the label, up to
the end of the block that starts there. The result must be read before it is committed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_RUN = re.compile(r"\W+RUN:\s*(.*?)\s*\|\s*filecheck\s+%s(?:\s+--check-prefix[= ](\w+))?")
_LABEL = re.compile(r"(\s*(?://|;;)\s*)(\w+)-LABEL:\s*(.*)")
_MARK = re.compile(r"(//|;;) BLESS$", re.MULTILINE)
_ROUND_TRIPS = {
    "WASM_ROUNDTRIP": "wasm-opt-py %s | wasm-opt-py | filecheck %s",
    "WASM_GENERIC_ROUNDTRIP": "wasm-opt-py %s | wasm-opt-py | filecheck %s",
    "WASM_GENERIC": "wasm-opt-py %s --print-op-generic | filecheck %s --check-prefix GENERIC",
}
_LISTING_END = ".Lfunc_end"
_METADATA = re.compile(r"(, !\S+ !\d+)+$")
"""What LLVM instructions end with. Its numbers change with every function before."""


def bless(path: Path) -> bool:
    """Regenerate one test; returns whether it changed."""
    old = path.read_text()
    if not _MARK.search(old):
        return False
    outputs = {prefix: iter(lines) for prefix, lines in _run_all(path, old).items()}
    new: list[str] = []
    generated = ""
    for line in old.splitlines():
        if generated and line.lstrip().startswith(generated):
            continue
        new.append(line)
        generated = ""
        if label := _LABEL.match(line):
            comment, prefix, text = label.groups()
            if prefix not in outputs:
                raise SystemExit(f"{path}: no RUN line prints what {prefix} checks")
            following = _behind(text, outputs[prefix], path)
            generated = f"{comment.strip()} {prefix}-NEXT:"
            new += [f"{comment}{prefix}-NEXT:  {part}" for part in following]
    text = "\n".join(new) + "\n"
    path.write_text(text)
    return text != old


def _run_all(path: Path, text: str) -> dict[str, list[str]]:
    for name, command in sorted(_ROUND_TRIPS.items(), key=lambda item: -len(item[0])):
        text = re.sub(rf"RUN: {name}$", f"RUN: {command}", text, flags=re.MULTILINE)
    outputs: dict[str, list[str]] = {}
    for command, prefix in _RUN.findall(text):
        filled = command.replace("%s", str(path)).replace("%S", str(path.parent))
        result = subprocess.run(filled, shell=True, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise SystemExit(f"{path}: {filled}\n{result.stderr}")
        outputs.setdefault(prefix or "CHECK", result.stdout.splitlines())
    return outputs


def _behind(label: str, lines: Iterator[str], path: Path) -> list[str]:
    """The lines of the block that the label starts, less the label's indentation."""
    for line in lines:
        if label in line:
            break
    else:
        raise SystemExit(f"{path}: nothing printed contains {label!r} (labels in order?)")
    indentation = len(line) - len(line.lstrip())
    if line.lstrip().startswith("(func"):  # of the text format, in which one parenthesis closes it
        deeper: list[str] = []
        for line in lines:
            deeper.append(line[indentation:])
            if line.endswith(")") and line.count(")") > line.count("("):
                break
        return deeper
    if not line.rstrip().endswith(("{", ":")):
        return []
    block: list[str] = []
    for line in lines:
        if line.startswith(_LISTING_END):
            break
        block.append(_METADATA.sub("", line[indentation:].expandtabs()))
        if line[indentation:].startswith("}") and not line.endswith("{"):
            break
    return [part for part in block if part.strip()]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        if bless(Path(name)):
            print(f"changed {name}")
