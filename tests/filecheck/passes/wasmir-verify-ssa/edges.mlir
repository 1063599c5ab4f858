// RUN: wasm-opt-py %s -p wasmir-verify-ssa --verify none --verify-diagnostics --split-input-file | filecheck %s

// CHECK: wasmir.br passes () to a block that takes (i32)
wasmir.func index 0 slot 0 @too_few() {
  wasmir.br ^a
^a(%x: i32):
  wasmir.return
}
// -----
// CHECK: wasmir.br_if passes (i32) to a block that takes (i64)
wasmir.func index 0 slot 0 @type_of_else(%c: i32) {
  wasmir.br_if %c, ^a, ^b(%c : i32)
^a:
  wasmir.return
^b(%x: i64):
  wasmir.return
}
// -----
// CHECK: wasmir.br_table passes (i32, i32) to a block that takes (i32)
wasmir.func index 0 slot 0 @case_of_table(%c: i32) {
  wasmir.br_table %c, [^a(%c : i32), ^a(%c, %c : i32, i32)], ^a(%c : i32)
^a(%x: i32):
  wasmir.return
}
// -----
// CHECK: llvm.br passes (i32) to a block that takes ()
llvm.func @any_dialect(%x: i32) {
  llvm.br ^a(%x : i32)
^a:
  llvm.return
}
