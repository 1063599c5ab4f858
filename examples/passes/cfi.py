"""Let each indirect call reach only the functions that it reached in training; trap otherwise.

Abadi, Budiu, Erlingsson and Ligatti, "Control-Flow Integrity", CCS 2005. WebAssembly checks the
type of a callee, but many functions share one (Lehmann, Kinder and Pradel, "Everything Old is New
Again", USENIX Security 2020). Without `edges`, each call tells the host its place and the index in
the table; the pairs that a run showed are the `edges` of the pass that enforces them:

    wasmdialect run prog.wasm --load cfi.py --at wasmir-end=cfi 2>&1 >/dev/null | sort -u | paste -sd,
    wasmdialect run prog.wasm --load cfi.py --at wasmir-end='cfi{edges=7050,383,...}'
"""

import sys
from dataclasses import dataclass
from functools import reduce

from xdsl.context import Context
from xdsl.dialects.builtin import i32

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder, builtin, wasm_offset


@dataclass(frozen=True)
class CFI(FunctionPass):
    name = "cfi"
    edges: tuple[int, ...] = ()  # byte offset of a call, index, offset, index, ...

    def declare(self, declarations: Declarations) -> object:
        if self.edges:
            return declarations.add_trap_code("unknown-callee", "the callee is new to this call")
        return declarations.add_builtin("called", ["i32", "i32"])

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for call in [*function.body.walk()]:
            if not isinstance(call, wasmir.CallIndirectOp | wasmir.ReturnCallIndirectOp):
                continue
            b = WasmBuilder.before(call)
            site = wasm_offset(call.location) or 0
            index = call.index if call.index.type == i32 else b.i32_wrap_i64(call.index)
            if not self.edges:
                b.call(self.declared, [b.i32_const(site), index])
            else:
                pairs = zip(self.edges[::2], self.edges[1::2], strict=True)
                known = [target for place, target in pairs if place == site]
                equal = [b.i32_eq(index, b.i32_const(target)) for target in known]
                is_known = reduce(b.i32_or, equal) if equal else b.i32_const(0)
                b.trap_if(b.i32_eqz(is_known), self.declared)


@builtin
def called(site: int, index: int) -> None:
    print(f"{site},{index}", file=sys.stderr)
