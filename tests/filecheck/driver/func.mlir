// RUN: wasm-opt-py %s --func first | filecheck %s --check-prefix FIRST
// RUN: wasm-opt-py %s --func 1 | filecheck %s --check-prefix SECOND
// RUN: wasm-opt-py %s --func 'se.*' -t llvm | filecheck %s --check-prefix LLVM
// RUN: not wasm-opt-py %s --func third 2>&1 | filecheck %s --check-prefix NONE

// The functions that are not asked for are declarations.

// FIRST:      @first() {
// FIRST:      @second() -> (){{$}}
// SECOND:     @first() -> (){{$}}
// SECOND:     @second() {
// LLVM:       declare{{.*}} @"wasm[0]::function[0]"
// LLVM:       define{{.*}} @"wasm[0]::function[1]"
// NONE:       error: no function matches 'third'
wasmir.func index 0 slot 0 @first() {
  wasmir.return
}
wasmir.func index 1 slot 1 @second() {
  wasmir.call @first() : () -> ()
  wasmir.return
}
