"""What passes add functions from, as modules of wasmir: text of wasmir, WebAssembly, files of both."""

from __future__ import annotations

import os
from os import PathLike

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from wasmdialect._printable import printable
from wasmdialect.codegen.input import WasmInput, is_ir
from wasmdialect.codegen.sealing import key_of
from wasmdialect.codegen.source import WasmSource
from wasmdialect.importer.markers import Markers
from wasmdialect.wasm.declared import DeclarationError
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import Feature

_NOWHERE = UnknownLoc()


class Snippets:
    """Reads modules that passes add functions from."""

    def __init__(self, context: Context, features: frozenset[Feature], markers: Markers):
        """`markers` are those of the module that the functions are added to."""
        self._context, self._features, self._markers = context, features, markers
        self.files: dict[str, str] = {}
        """The files that were read, each with the digest of its contents."""

    def read(self, given: str | bytes | PathLike[str]) -> ModuleOp:
        """A module of wasmir. Raises DeclarationError."""
        name = "its body"
        if isinstance(given, PathLike):
            name = printable(os.fspath(given))
            given = self._contents(given)
        try:
            if isinstance(given, bytes) and not is_ir(given):
                return self._imported(given)
            text = given if isinstance(given, str) else given.decode()
            if text.lstrip()[:1] in ("(", ";"):
                from wasmdialect.wasm.text import parse_module  # which loads lark

                return self._imported(parse_module(text, self._features).binary)
            return Parser(self._context, text, name).parse_module()
        except WasmError as error:
            raise DeclarationError(f"{name}: {error}") from None
        except (ParseError, VerifyException, ValueError) as error:  # of text that is not UTF-8, too
            raise DeclarationError(f"{name} is not a function of wasmir: {error}") from None

    def _contents(self, path: PathLike[str]) -> bytes:
        place = os.fspath(path)
        if not os.path.isabs(place):  # each worker has a current folder of its own
            raise DeclarationError(
                f"{printable(place)} is not an absolute path; beside the pass it is"
                f" Path(__file__).with_name({os.path.basename(place)!r})"
            )
        try:
            with open(place, "rb") as file:
                content = file.read()
        except OSError as error:
            raise DeclarationError(str(error)) from None
        self.files[place] = key_of(content)  # as `module_key.digest_of_file`
        return content

    def _imported(self, binary: bytes) -> ModuleOp:
        source = WasmSource(WasmInput(binary, self._features), "snippet", self._markers)
        module = source.everything()
        for op in module.walk():
            op.location = _NOWHERE  # the offsets are not of the module that this goes into
        return module
