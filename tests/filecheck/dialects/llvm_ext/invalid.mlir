// RUN: WASM_INVALID

// CHECK: a trap code is one byte
llvm.func @code() {
  llvm_ext.ubsantrap 256
  llvm.unreachable
}
// -----
// CHECK: operand 'ptr' at position 0 does not verify:
llvm.func @pointer(%i: i64) {
  %0 = "llvm_ext.load"(%i) <{alignment = 8 : i64}> : (i64) -> i64
  llvm.return
}
// -----
// CHECK: operand 'index' at position 0 does not verify:
llvm.func @index(%i: i64) {
  "llvm_ext.switch"(%i)[^a] <{case_sizes = array<i32>, operandSegmentSizes = array<i32: 1, 0, 0>}> : (i64) -> ()
^a:
  llvm.return
}
// -----
// CHECK: case_sizes do not agree with the cases and their arguments
llvm.func @sizes(%i: i32) {
  "llvm_ext.switch"(%i)[^a, ^a] <{case_sizes = array<i32>, operandSegmentSizes = array<i32: 1, 0, 0>}> : (i32) -> ()
^a:
  llvm.return
}
// -----
// CHECK: llvm_ext.switch passes () to a block that takes (i32)
llvm.func @arguments(%i: i32) {
  llvm_ext.switch %i, [], ^a
^a(%x: i32):
  llvm.return
}
// -----
// CHECK: does not verify
llvm.func @choice_of_integers(%c: i1, %i: i32) {
  %0 = "llvm_ext.choice"(%c, %c, %i, %i) : (i1, i1, i32, i32) -> i32
  llvm.return
}
