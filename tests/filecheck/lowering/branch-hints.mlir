// RUN: wasm-opt-py %s | wasm-opt-py | filecheck %s --check-prefix IR
// RUN: wasm-opt-py %s -t llvm | filecheck %s

// A hint is kept in the text and becomes weights. What is no hint says nothing.

// IR: wasmir.br_if %{{.*}}, ^{{.*}}, ^{{.*}} {hint = "likely"}
// IR: wasmir.br_if %{{.*}}, ^{{.*}}, ^{{.*}} {hint = "unlikely"}
// IR: wasmir.br_if %{{.*}}, ^{{.*}}, ^{{.*}} {hint = "perhaps"}

// CHECK-LABEL: define hidden i32 @"wasm[0]::function[0]"(
// CHECK:         br i1 %3, label %b1, label %b2, !prof !6
// CHECK:         br i1 %4, label %b2, label %b3, !prof !7
// CHECK:         br i1 %5, label %b3, label %b4{{$}}
// CHECK:       !6 = !{!"branch_weights", i32 2000, i32 1}
// CHECK-NEXT:  !7 = !{!"branch_weights", i32 1, i32 2000}
wasmir.func @f(%n : i32) -> i32 {
  wasmir.br_if %n, ^a, ^b {hint = "likely"}
^a:
  wasmir.br_if %n, ^b, ^c {hint = "unlikely"}
^b:
  wasmir.br_if %n, ^c, ^d {hint = "perhaps"}
^c:
  %one = wasmir.i32.const 1
  wasmir.return %one : i32
^d:
  wasmir.return %n : i32
}
