// RUN: wasm-opt-py %s -p wasmir-dce | filecheck %s

// A value whose only use is dead too, in a block after it.

// CHECK-LABEL: wasmir.func index 0 slot 0 @f
// CHECK-NOT:   wasmir.i32.const
// CHECK-NOT:   wasmir.i32.add
builtin.module {
  wasmir.func @f(%a : i32) {
    %one = wasmir.i32.const 1
    wasmir.br ^next
  ^next:
    %sum = wasmir.i32.add %a, %one
    wasmir.return
  }
}
