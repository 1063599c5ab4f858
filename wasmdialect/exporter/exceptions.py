"""Exceptions: the edges of wasmir to handlers, as `try_table`.

A call that may throw to a handler stands in a `try_table` of its own. What it throws goes into a local
of the function, and `wasmir.threw` asks whether there is something in it. WebAssembly can ask for the
tag of an exception only by throwing it again: `wasmir.exception_is` and `exception_values` do that, in
a `try_table` too.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import i32
from xdsl.ir import Attribute, SSAValue

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.exporter.code import Code
from wasmdialect.exporter.entities import Entities
from wasmdialect.wasm.encode import encode_instruction
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.instructions.opcodes import (
    BLOCK,
    BR,
    END,
    I32_CONST,
    LOCAL_GET,
    LOCAL_SET,
    TRY_TABLE,
)
from wasmdialect.wasm.module import Catch, CatchKind


def _instruction(mnemonic: str, immediate: object = None) -> bytes:
    (row,) = BY_MNEMONIC[mnemonic]
    return encode_instruction(row.opcode, immediate)


_END = encode_instruction(END, None)
_UNREACHABLE = _instruction("unreachable")
_THROW_REF = _instruction("throw_ref")


class Exceptions:
    """The code of operations on exceptions, in one function."""

    def __init__(self, entities: Entities, thrown: SSAValue):
        """`thrown` stands for the local that has what a call threw."""
        self._entities = entities
        self.thrown = thrown

    def _block(self, *results: Attribute) -> bytes:
        return encode_instruction(BLOCK, self._entities.block_type(results))

    def _try(self, *catches: Catch) -> bytes:
        return encode_instruction(TRY_TABLE, (self._entities.block_type(()), catches))

    def call(self, code: Code) -> Code:
        """A call whose exceptions go to a handler; `code` has the arguments too, and takes the results
        off the stack."""
        everything = Catch(CatchKind.CATCH_ALL_REF, None, 0)
        return [
            _instruction("ref.null", wt.EXN),
            (LOCAL_SET, self.thrown),
            self._block(),
            self._block(wasmir.EXN),
            self._try(everything),
            *code,
            encode_instruction(BR, 2),
            _END,
            _UNREACHABLE,
            _END,
            (LOCAL_SET, self.thrown),
            _END,
        ]

    def threw(self) -> Code:
        """Whether the call before this threw."""
        return [(LOCAL_GET, self.thrown), _instruction("ref.is_null"), _instruction("i32.eqz")]

    def caught(self) -> Code:
        """What it threw."""
        return [(LOCAL_GET, self.thrown), _instruction("ref.as_non_null")]

    def make(self, tag: int, values: Code) -> Code:
        """An exception with a tag and values."""
        return [
            self._block(wasmir.EXN),
            self._try(Catch(CatchKind.CATCH_ALL_REF, None, 0)),
            *values,
            self.throw(tag),
            _END,
            _UNREACHABLE,
            _END,
        ]

    def throw(self, tag: int) -> bytes:
        """Leave the function with an exception, whose values are on the stack."""
        return _instruction("throw", tag)

    def has_tag(self, exception: Code, tag: int, values: Sequence[Attribute]) -> Code:
        """1 if an exception has a tag, whose values have these types, else 0."""
        drop = _instruction("drop")
        return [
            self._block(i32),
            self._block(),
            self._block(*values),
            self._try(Catch(CatchKind.CATCH, tag, 0), Catch(CatchKind.CATCH_ALL, None, 1)),
            *exception,
            _THROW_REF,
            _END,
            _UNREACHABLE,
            _END,
            *(drop for _ in values),
            encode_instruction(I32_CONST, 1),
            encode_instruction(BR, 1),
            _END,
            encode_instruction(I32_CONST, 0),
            _END,
        ]

    def values(self, exception: Code, tag: int, types: Sequence[Attribute]) -> Code:
        """The values of an exception, which has this tag, on the stack."""
        return [
            self._block(*types),
            self._try(Catch(CatchKind.CATCH, tag, 0)),
            *exception,
            _THROW_REF,
            _END,
            _UNREACHABLE,
            _END,
        ]
