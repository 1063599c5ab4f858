// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce --mlir-print-ir-after-all -o %t.mlir 2>&1 | filecheck %s
// RUN: filecheck %s --input-file %t.mlir --check-prefix OUTPUT
// RUN: rm -rf %t.tree
// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce --mlir-print-ir-tree-dir %t.tree
// RUN: filecheck %s --input-file %t.tree/00-import.mlir --check-prefix INPUT
// RUN: filecheck %s --input-file %t.tree/02-wasmir-dce.mlir --check-prefix OUTPUT

// CHECK:      // ----- IR after wasmir-canonicalize -----
// CHECK:      wasmir.i32.const 0
// CHECK:      // ----- IR after wasmir-dce -----
// CHECK-NOT:  wasmir.i32.const 0
// INPUT:      wasmir.i32.add
// OUTPUT-NOT: wasmir.i32
// OUTPUT:     wasmir.return %x : i32
wasmir.func index 0 slot 0 @f(%x: i32) -> i32 {
  %0 = wasmir.i32.const 0
  %1 = wasmir.i32.add %x, %0
  wasmir.return %1 : i32
}
