// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// Offsets follow from how many of each thing the module has: here as the note on the module says.

builtin.module attributes {wasmvm.counts = {imported_functions = 1 : i64, defined_globals = 2 : i64, escaping_functions = 3 : i64, extra_fields = [["mine", 8 : i64, 8 : i64]]}} {
  // CHECK-LABEL: llvm.func hidden @fields
  // CHECK-NEXT:    %2 = llvm.getelementptr %0[8] : (!llvm.ptr) -> !llvm.ptr, i8
  // CHECK-NEXT:    %3 = llvm_ext.load %2 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
  // CHECK-NEXT:    %4 = llvm_ext.load volatile %3 align 8 alias "limits" : !llvm.ptr -> i64
  // CHECK-NEXT:    %5 = llvm.getelementptr %0[72] : (!llvm.ptr) -> !llvm.ptr, i8
  // CHECK-NEXT:    %6 = llvm_ext.load %5 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
  // CHECK-NEXT:    %7 = llvm.getelementptr %0[128] : (!llvm.ptr) -> !llvm.ptr, i8
  // CHECK-NEXT:    llvm_ext.store volatile %4, %7 align 8 alias "global" : i64, !llvm.ptr
  // CHECK-NEXT:    %8 = llvm.getelementptr %0[264] : (!llvm.ptr) -> !llvm.ptr, i8
  // CHECK-NEXT:    %9 = llvm_ext.load %8 align 8 alias "extra" : !llvm.ptr -> i64
  // CHECK-NEXT:    %10 = llvm.getelementptr %0[224] : (!llvm.ptr) -> !llvm.ptr, i8
  // CHECK-NEXT:    llvm.return %10 : !llvm.ptr
  // CHECK-NEXT:  }
  wasmvm.func wasm @fields() -> !wasmir.ref<null func> {
    %vmctx = wasmvm.vmctx
    %limits = wasmvm.load_field %vmctx, vmctx.limits : !llvm.ptr
    %limit = wasmvm.load_field volatile %limits, limits.stack_limit : i64
    %code = wasmvm.load_field %vmctx, imported_functions.wasm_call[0] : !llvm.ptr
    wasmvm.store_field volatile %vmctx, globals.value[1], %limit : i64
    %mine = wasmvm.load_field %vmctx, extra.mine : i64
    %entry = wasmvm.entry_address %vmctx, "func_refs"[2] : !wasmir.ref<null func>
    wasmir.return %entry : !wasmir.ref<null func>
  }
}
