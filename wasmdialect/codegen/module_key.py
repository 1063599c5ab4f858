"""The key of a whole module: everything that its artifact, and what is printed while it is compiled,
depend on. Computing it loads no part of the compiler.

Not in the key are the files that a pass imports: the entry names them (`codegen.module_entry`).
"""

from __future__ import annotations

import os
import sys

from wasmdialect._settings import CODE, LAYOUT, PASSES, in_groups
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.codegen.sealing import key_of
from wasmdialect.codegen.target import NATIVE, TargetError, parse_target

if TYPE_CHECKING:
    from wasmdialect._settings import Config
    from wasmdialect.codegen.target import Target
    from wasmdialect.codegen.tools import Tools


def module_key(
    module: str | bytes | bytearray, config: Config, tools: Tools, *, is_ir: bool = False
) -> str | None:
    """The key of a module, binary or text, compiled with some settings. `is_ir` says that it is IR
    whatever it looks like. None if it cannot be compiled with them, or with passes that are objects of
    this process."""
    if config.passes:
        return None
    target = _target(config, tools)
    if target is None:
        return None
    values = {row.name: getattr(config, row.name) for row in in_groups(CODE, PASSES, LAYOUT)}
    values["load"] = _loaded(config.load)
    if values["load"] is None:
        return None
    if config.call_counts is not None:
        values["call_counts"] = digest_of_file(config.call_counts)
        if values["call_counts"] is None:
            return None
    values["target"], values["cpu"] = target.triple, (target.cpu, target.features)
    # A string is always text; bytes that start with a zero byte are binary.
    form = (is_ir, isinstance(module, str) and module[:1] == "\0")
    data = module if isinstance(module, str) else memoryview(module)
    return key_of("module", tools.digest, tools.lark, repr(values), repr(form), data)


def _target(config: Config, tools: Tools) -> Target | None:
    if config.target is None and config.cpu in (None, NATIVE):
        return tools.host
    try:
        return parse_target(config.target, config.cpu)
    except TargetError:
        return None


def _loaded(files: tuple[str, ...]) -> list[str] | None:
    """The files that define passes, with their contents and where Python looks for what they import;
    None if one cannot be read."""
    if not files:
        return []
    facts = [os.path.abspath(folder) for folder in sys.path]
    for path in files:
        contents = digest_of_file(path)
        if contents is None:
            return None
        facts += os.path.realpath(path), contents
    return facts


def digest_of_file(path: str) -> str | None:
    """The digest of the contents of a file, None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return key_of(file.read())
    except OSError:
        return None
