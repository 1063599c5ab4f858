// RUN: wasm-opt-py %s --load %S/Inputs/count_operations.py -p 'count-operations{unit=ops}' 2>&1 | filecheck %s
// RUN: wasm-opt-py %s --load %S/Inputs/count_operations.py --at wasmir-start=count-operations 2>&1 | filecheck %s --check-prefix AT
// RUN: not wasm-opt-py %s -p count-operations 2>&1 | filecheck %s --check-prefix UNKNOWN

// A pass from a file; what it reports is one line of JSON each, not part of the IR.

// CHECK-DAG: {"pass": "count-operations", "function": "f", "function_index": 3, "wasm_offset": 17, "kind": "size", "ops": 2}
// CHECK-DAG: wasmir.func index 3 slot 0 @f() -> i32
// AT-DAG:    "kind": "size", "operations": 2}
// AT-DAG:    wasmir.func index 3 slot 0 @f() -> i32
// UNKNOWN:   error: there is no pass 'count-operations'
wasmir.func index 3 slot 0 @f() -> i32 {
  %0 = wasmir.i32.const 1
  wasmir.return %0 : i32
} loc("module.wasm":0:17)
