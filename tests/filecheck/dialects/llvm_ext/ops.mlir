// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// What xDSL's llvm dialect has no operation or no words for.

// CHECK-LABEL: llvm.func @memory(
// CHECK-NEXT:    %0 = llvm_ext.load %p align 8 : !llvm.ptr -> i64
// CHECK-NEXT:    %1 = llvm_ext.load volatile %p invariant align 1 alias "vmctx" : !llvm.ptr -> f32
// CHECK-NEXT:    %type = llvm_ext.load volatile %p align 4 alias "func_ref" else 4 : !llvm.ptr -> i32
// CHECK-NEXT:    llvm_ext.store %v, %p align 8 : i64, !llvm.ptr
// CHECK-NEXT:    llvm_ext.store volatile %v, %p align 1 alias "linear" {note} : i64, !llvm.ptr
// CHECK-NEXT:    llvm_ext.store_probe %p bytes 8 {note} : !llvm.ptr
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "memory"
// GENERIC-NEXT:  ^bb0(%p: !llvm.ptr, %v: i64):
// GENERIC-NEXT:    %0 = "llvm_ext.load"(%p) <{alignment = 8 : i64}> : (!llvm.ptr) -> i64
// GENERIC-NEXT:    %1 = "llvm_ext.load"(%p) <{volatile_, invariant, alignment = 1 : i64, alias = "vmctx"}> : (!llvm.ptr) -> f32
// GENERIC-NEXT:    %type = "llvm_ext.load"(%p) <{volatile_, alignment = 4 : i64, alias = "func_ref", null_trap = 4 : i64}> : (!llvm.ptr) -> i32
// GENERIC-NEXT:    "llvm_ext.store"(%v, %p) <{alignment = 8 : i64}> : (i64, !llvm.ptr) -> ()
// GENERIC-NEXT:    "llvm_ext.store"(%v, %p) <{volatile_, alignment = 1 : i64, alias = "linear"}> {note} : (i64, !llvm.ptr) -> ()
// GENERIC-NEXT:    "llvm_ext.store_probe"(%p) <{bytes = 8 : i64}> {note} : (!llvm.ptr) -> ()
// GENERIC-NEXT:    "llvm.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
llvm.func @memory(%p: !llvm.ptr, %v: i64) {
  %0 = llvm_ext.load %p align 8 : !llvm.ptr -> i64
  %1 = llvm_ext.load volatile %p invariant align 1 alias "vmctx" : !llvm.ptr -> f32
  %type = llvm_ext.load volatile %p align 4 alias "func_ref" else 4 : !llvm.ptr -> i32
  llvm_ext.store %v, %p align 8 : i64, !llvm.ptr
  llvm_ext.store volatile %v, %p align 1 alias "linear" {note} : i64, !llvm.ptr
  llvm_ext.store_probe %p bytes 8 {note} : !llvm.ptr
  llvm.return
}

// CHECK-LABEL: llvm.func @conversions(
// CHECK-NEXT:    %2 = llvm_ext.fptosi %f : f32 to i32
// CHECK-NEXT:    %3 = llvm_ext.fptoui %f {note} : f32 to i64
// CHECK-NEXT:    %4 = llvm_ext.uitofp %i : i64 to f64
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "conversions"
// GENERIC-NEXT:  ^bb0(%i: i64, %f: f32):
// GENERIC-NEXT:    %2 = "llvm_ext.fptosi"(%f) : (f32) -> i32
// GENERIC-NEXT:    %3 = "llvm_ext.fptoui"(%f) {note} : (f32) -> i64
// GENERIC-NEXT:    %4 = "llvm_ext.uitofp"(%i) : (i64) -> f64
// GENERIC-NEXT:    "llvm.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
llvm.func @conversions(%i: i64, %f: f32) {
  %0 = llvm_ext.fptosi %f : f32 to i32
  %1 = llvm_ext.fptoui %f {note} : f32 to i64
  %2 = llvm_ext.uitofp %i : i64 to f64
  llvm.return
}

// CHECK-LABEL: llvm.func @trap(
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 7
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "trap"
// GENERIC-NEXT:    "llvm_ext.fence"() : () -> ()
// GENERIC-NEXT:    "llvm_ext.ubsantrap"() <{code = 7 : i64}> : () -> ()
// GENERIC-NEXT:    "llvm.unreachable"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
llvm.func @trap() {
  llvm_ext.fence
  llvm_ext.ubsantrap 7
  llvm.unreachable
}

// CHECK-LABEL: llvm.func @switch(
// CHECK-NEXT:    llvm_ext.switch %i_1, [^one(%x : i64), ^two], ^one(%x : i64)
// CHECK-NEXT:  ^one(%y: i64):
// CHECK-NEXT:    llvm_ext.switch %i_1, [], ^two {note}
// CHECK-NEXT:  ^two:
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "switch"
// GENERIC-NEXT:  ^bb0(%i_1: i32, %x: i64):
// GENERIC-NEXT:    "llvm_ext.switch"(%i_1, %x, %x) [^one, ^one, ^two] <{case_sizes = array<i32: 1, 0>, operandSegmentSizes = array<i32: 1, 1, 1>}> : (i32, i64, i64) -> ()
// GENERIC-NEXT:  ^one(%y: i64):
// GENERIC-NEXT:    "llvm_ext.switch"(%i_1) [^two] <{case_sizes = array<i32>, operandSegmentSizes = array<i32: 1, 0, 0>}> {note} : (i32) -> ()
// GENERIC-NEXT:  ^two:
// GENERIC-NEXT:    "llvm.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
llvm.func @switch(%i: i32, %x: i64) {
  llvm_ext.switch %i, [^one(%x : i64), ^two], ^one(%x : i64)
^one(%y: i64):
  llvm_ext.switch %i, [], ^two {note}
^two:
  llvm.return
}

// CHECK-LABEL: llvm.func @element(
// CHECK-NEXT:    %5 = llvm_ext.extractelement %v_1[%i_2 : i32] {note} : vector<4xf32> -> f32
// CHECK-NEXT:    llvm.return %5 : f32
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "element"
// GENERIC-NEXT:  ^bb0(%v_1: vector<4xf32>, %i_2: i32):
// GENERIC-NEXT:    %5 = "llvm_ext.extractelement"(%v_1, %i_2) {note} : (vector<4xf32>, i32) -> f32
// GENERIC-NEXT:    "llvm.return"(%5) : (f32) -> ()
// GENERIC-NEXT:  }) : () -> ()
llvm.func @element(%v: vector<4xf32>, %i: i32) -> f32 {
  %0 = llvm_ext.extractelement %v[%i : i32] {note} : vector<4xf32> -> f32
  llvm.return %0 : f32
}

// CHECK-LABEL: llvm.func @atomics(
// CHECK-NEXT:    %6 = llvm_ext.load atomic "seq_cst" volatile may_fault %p_1 align 8 alias "linear" : !llvm.ptr -> i64
// CHECK-NEXT:    llvm_ext.store atomic "seq_cst" volatile %v_2, %p_1 align 8 : i64, !llvm.ptr
// CHECK-NEXT:    %7 = llvm_ext.atomicrmw "add" may_fault %p_1, %v_2 alias "linear" : !llvm.ptr, i64
// CHECK-NEXT:    %8 = llvm_ext.atomicrmw "xchg" %p_1, %v_2 {note} : !llvm.ptr, i64
// CHECK-NEXT:    %9 = llvm_ext.cmpxchg may_fault %p_1, %v_2, %7 alias "linear" : !llvm.ptr, i64 -> !llvm.struct<(i64, i1)>
// CHECK-NEXT:    %10 = llvm_ext.cmpxchg %p_1, %v_2, %7 {note} : !llvm.ptr, i64 -> !llvm.struct<(i64, i1)>
// CHECK-NEXT:    llvm_ext.fence system
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "atomics"
// GENERIC-NEXT:  ^bb0(%p_1: !llvm.ptr, %v_2: i64):
// GENERIC-NEXT:    %6 = "llvm_ext.load"(%p_1) <{ordering = "seq_cst", volatile_, may_fault, alignment = 8 : i64, alias = "linear"}> : (!llvm.ptr) -> i64
// GENERIC-NEXT:    "llvm_ext.store"(%v_2, %p_1) <{ordering = "seq_cst", volatile_, alignment = 8 : i64}> : (i64, !llvm.ptr) -> ()
// GENERIC-NEXT:    %7 = "llvm_ext.atomicrmw"(%p_1, %v_2) <{bin_op = "add", may_fault, alias = "linear"}> : (!llvm.ptr, i64) -> i64
// GENERIC-NEXT:    %8 = "llvm_ext.atomicrmw"(%p_1, %v_2) <{bin_op = "xchg"}> {note} : (!llvm.ptr, i64) -> i64
// GENERIC-NEXT:    %9 = "llvm_ext.cmpxchg"(%p_1, %v_2, %7) <{may_fault, alias = "linear"}> : (!llvm.ptr, i64, i64) -> !llvm.struct<(i64, i1)>
// GENERIC-NEXT:    %10 = "llvm_ext.cmpxchg"(%p_1, %v_2, %7) {note} : (!llvm.ptr, i64, i64) -> !llvm.struct<(i64, i1)>
// GENERIC-NEXT:    "llvm_ext.fence"() <{system}> : () -> ()
// GENERIC-NEXT:    "llvm.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
llvm.func @atomics(%p: !llvm.ptr, %v: i64) {
  %0 = llvm_ext.load atomic "seq_cst" volatile may_fault %p align 8 alias "linear" : !llvm.ptr -> i64
  llvm_ext.store atomic "seq_cst" volatile %v, %p align 8 : i64, !llvm.ptr
  %1 = llvm_ext.atomicrmw "add" may_fault %p, %v alias "linear" : !llvm.ptr, i64
  %2 = llvm_ext.atomicrmw "xchg" %p, %v {note} : !llvm.ptr, i64
  %3 = llvm_ext.cmpxchg may_fault %p, %v, %1 alias "linear" : !llvm.ptr, i64 -> !llvm.struct<(i64, i1)>
  %4 = llvm_ext.cmpxchg %p, %v, %1 {note} : !llvm.ptr, i64 -> !llvm.struct<(i64, i1)>
  llvm_ext.fence system
  llvm.return
}
