// RUN: wasm-opt-py %s -p wasmir-verify-ssa --verify none --verify-diagnostics --split-input-file | filecheck %s --check-prefix CHECK
// RUN: not wasm-opt-py %s -p wasmir-verify-ssa --verify none

// CHECK: wasmir.i32.clz uses a value before it is defined: a result of wasmir.i32.ctz
wasmir.func index 0 slot 0 @within_a_block(%x: i32) {
  %0 = wasmir.i32.clz %1
  %1 = wasmir.i32.ctz %x
  wasmir.return
}
// -----
// CHECK: wasmir.return uses a value before it is defined: a result of wasmir.i32.clz
wasmir.func index 0 slot 0 @one_side(%x: i32) -> i32 {
  wasmir.br_if %x, ^a, ^b
^a:
  %0 = wasmir.i32.clz %x
  wasmir.br ^b
^b:
  wasmir.return %0 : i32
}
// -----
// CHECK: wasmir.return uses a value before it is defined: a block argument
wasmir.func index 0 slot 0 @other_argument(%x: i32) -> i32 {
  wasmir.br_if %x, ^a(%x : i32), ^b
^a(%y: i32):
  wasmir.br ^b
^b:
  wasmir.return %y : i32
}
// -----
// CHECK: wasmir.i32.clz uses a value before it is defined: a result of wasmir.i32.clz
wasmir.func index 0 slot 0 @itself(%x: i32) {
  %0 = wasmir.i32.clz %0
  wasmir.return
}
// -----
// CHECK: wasmir.return uses a value before it is defined: a result of wasmir.i32.clz
wasmir.func index 0 slot 0 @from_unreachable_block(%x: i32) -> i32 {
  wasmir.br ^b
^a:
  %0 = wasmir.i32.clz %x
  wasmir.br ^b
^b:
  wasmir.return %0 : i32
}
// -----
// CHECK: llvm.return uses a value before it is defined: a result of llvm.add
llvm.func @any_dialect(%x: i32, %c: i1) -> i32 {
  llvm.cond_br %c, ^a, ^b
^a:
  %0 = llvm.add %x, %x : i32
  llvm.br ^b
^b:
  llvm.return %0 : i32
}
