// RUN: wasm-opt-py %s -t llvm | filecheck %s
// RUN: not wasm-opt-py %s -t asm 2>&1 | filecheck %s --check-prefix REFUSED
// RUN: not wasm-opt-py %s -t obj 2>&1 | filecheck %s --check-prefix REFUSED
// RUN: not wasm-opt-py %s -t obj --target-triple s390x-unknown-linux-gnu 2>&1 | filecheck %s --check-prefix OTHER

// Where LLVM would end the process, there is one error with the function and the operation.

// CHECK: [[Y:%\d+]] = call i32 asm sideeffect "nop", "=r,0"(i32 %2)
// CHECK-NEXT: {{%\d+}} = call i32 asm "bogus $0, $1", "=r,r"(i32 [[Y]])
// REFUSED: error: LLVM refuses function wasm[0]::function[0]: <inline asm>:1:2: {{.*}} 'bogus'
// REFUSED-NEXT: it was at llvm.inline_asm (offset 0x11)
// OTHER: error: LLVM refuses function wasm[0]::function[0]: {{.*}} we don't have an asm parser for this target
wasmir.func @f(%x: i32) -> i32 {
  %y = llvm.inline_asm has_side_effects "nop", "=r,0" %x : (i32) -> i32
  %r = "llvm.inline_asm"(%y) <{asm_string = "bogus $0, $1", constraints = "=r,r", tail_call_kind = #llvm.tailcallkind<none>}> : (i32) -> i32 loc("m.wasm":0:17)
  wasmir.return %r : i32
}
