// RUN: wasm-opt-py %s -p wasmir-gvn,wasmir-canonicalize,wasmir-dce --mlir-print-ir-before=wasmir-dce --mlir-print-ir-after wasmir-canonicalize -o /dev/null 2>&1 | filecheck %s
// RUN: wasm-opt-py %s -p wasmir-gvn,wasmir-canonicalize,wasmir-dce --mlir-print-ir-before-all -o /dev/null 2>&1 | filecheck %s --check-prefix BEFORE
// RUN: wasm-opt-py %s -p wasmir-gvn,wasmir-canonicalize,wasmir-dce --mlir-print-ir-after-all --mlir-print-ir-after-change -o /dev/null 2>&1 | filecheck %s --check-prefix CHANGE
// RUN: wasm-opt-py %s -p wasmir-gvn,wasmir-dce --mlir-timing -o /dev/null 2>&1 | filecheck %s --check-prefix TIMING
// RUN: not wasm-opt-py %s -p wasmir-gvn --mlir-print-ir-after=wasmir-gvm 2>&1 | filecheck %s --check-prefix NAME
// RUN: not wasm-opt-py %s --wasmir-gvn 2>&1 | filecheck %s --check-prefix OPTION
// RUN: wasm-opt-py --show-dialects | filecheck %s --check-prefix DIALECTS
// RUN: wasm-opt-py --show-dialects --load %S/../../../examples/reverse_bits.py | filecheck %s --check-prefix LOADED
// RUN: wasm-opt-py - < %s -o - | filecheck %s --check-prefix STDIN

// What mlir-opt calls the options that show passes.

// CHECK:       // ----- IR after wasmir-canonicalize -----
// CHECK:       wasmir.return %x
// CHECK:       // ----- IR before wasmir-dce -----
// CHECK-NOT:   // -----
// BEFORE:      // ----- IR before wasmir-gvn -----
// BEFORE:      // ----- IR before wasmir-canonicalize -----
// BEFORE:      // ----- IR before wasmir-dce -----
// CHANGE-NOT:  IR after wasmir-gvn
// CHANGE:      // ----- IR after wasmir-canonicalize -----
// CHANGE:      // ----- IR after wasmir-dce -----
// TIMING:      ... Execution time report ...
// TIMING:      Total Execution Time: {{[0-9.]+}} seconds
// TIMING:      ----Wall Time----  ----Name----
// TIMING-NEXT: {{[0-9.]+ \( *[0-9.]+%\)}}  Parser
// TIMING-NEXT: wasmir-gvn
// TIMING-NEXT: wasmir-dce
// TIMING-NEXT: Output
// TIMING-NEXT: (100.0%)  Total
// NAME:        error: 'wasmir-gvm' is not in the pipeline, which is wasmir-gvn
// OPTION:      error: there is no option --wasmir-gvn; passes are given with -p: -p wasmir-gvn
// DIALECTS:    Available Dialects: {{.*}}{{.*}}llvm,llvm_ext,{{.*}}wasmir,{{.*}}wasmvm
// LOADED:      ,bits,
// STDIN:       wasmir.i32.add %x
wasmir.func @f(%x: i32) -> i32 {
  %0 = wasmir.i32.const 0
  %1 = wasmir.i32.add %x, %0
  wasmir.return %1 : i32
}
