// RUN: wasm-opt-py %s --load %S/Inputs/count_operations.py -p count-operations --reports %t.json -o %t.mlir
// RUN: filecheck %s --input-file %t.json
// RUN: filecheck %s --input-file %t.mlir --check-prefix IR

// CHECK: {"pass": "count-operations", "function": "f",
// CHECK-NOT: wasmir
// IR: wasmir.func index 0 slot 0 @f()
// IR-NOT: count-operations
wasmir.func index 0 slot 0 @f() {
  wasmir.return
}
