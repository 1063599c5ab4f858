// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// A function element that is 0 is computed by the runtime first; bit 0 says that it has been. A volatile
// store stays one.

// CHECK-LABEL: llvm.func hidden @function_element
// CHECK-NEXT:    %4 = llvm.mlir.constant(8) : i64
// CHECK-NEXT:    %5 = llvm.zext %3 : i32 to i64
// CHECK-NEXT:    %6 = llvm.mul %5, %4 : i64
// CHECK-NEXT:    %7 = llvm.getelementptr %2[%6] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK-NEXT:    %8 = llvm_ext.load %7 align 8 alias "table_element" : !llvm.ptr -> i64
// CHECK-NEXT:    %9 = llvm.mlir.constant(0) : i64
// CHECK-NEXT:    %10 = llvm.icmp "eq" %8, %9 : i64
// CHECK-NEXT:    llvm.cond_br %10, ^bb2, ^bb1(%8 : i64)
// CHECK-NEXT:  ^bb1(%11: i64):
// CHECK-NEXT:    %12 = llvm.mlir.constant(-2) : i64
// CHECK-NEXT:    %13 = llvm.and %11, %12 : i64
// CHECK-NEXT:    %14 = llvm.inttoptr %13 : i64 to !llvm.ptr
// CHECK-NEXT:    %15 = llvm.ptrtoint %14 : !llvm.ptr to i64
// CHECK-NEXT:    %16 = llvm.mlir.constant(1) : i64
// CHECK-NEXT:    %17 = llvm.or %15, %16 : i64
// CHECK-NEXT:    llvm_ext.store volatile %17, %7 align 8 alias "table_element" : i64, !llvm.ptr
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  ^bb2:
// CHECK-NEXT:    %18 = llvm.mlir.constant(5 : i32) : i32
// CHECK-NEXT:    %19 = llvm.getelementptr %0[56] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %20 = llvm_ext.load %19 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %21 = llvm.getelementptr %20[72] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %22 = llvm_ext.load %21 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %23 = llvm.call notail %22(%0, %18, %3) {no_inline} : !llvm.ptr, (!llvm.ptr, i32, i32) -> !llvm.ptr
// CHECK-NEXT:    %24 = llvm.ptrtoint %23 : !llvm.ptr to i64
// CHECK-NEXT:    llvm.br ^bb1(%24 : i64)
// CHECK-NEXT:  }
wasmvm.func wasm @function_element(%base: !llvm.ptr, %i: i32) {
  %vmctx = wasmvm.vmctx
  %address = wasmvm.element_address %base[%i]
  %f = wasmvm.load_element function %vmctx, %address table 5[%i] : !wasmir.ref<null func>
  wasmvm.store_element volatile function %address, %f : !wasmir.ref<null func>
  wasmir.return
}

// CHECK-LABEL: llvm.func hidden @host_element
// CHECK-NEXT:    %29 = llvm_ext.load %27 align 8 alias "table_element" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    llvm_ext.store %29, %27 align 8 alias "table_element" : !llvm.ptr, !llvm.ptr
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
wasmvm.func wasm @host_element(%address: !llvm.ptr, %i: i32) {
  %vmctx = wasmvm.vmctx
  %x = wasmvm.load_element %vmctx, %address table 5[%i] : !wasmir.ref<null extern>
  wasmvm.store_element %address, %x : !wasmir.ref<null extern>
  wasmir.return
}

// CHECK-LABEL: llvm.func hidden @references
// CHECK-NEXT:    %34 = llvm.mlir.zero : !llvm.ptr
// CHECK-NEXT:    %35 = llvm.ptrtoint %33 : !llvm.ptr to i64
// CHECK-NEXT:    %36 = llvm.mlir.constant(0) : i64
// CHECK-NEXT:    %37 = llvm.icmp "eq" %35, %36 : i64
// CHECK-NEXT:    %38 = llvm.zext %37 : i1 to i32
// CHECK-NEXT:    %39 = llvm.getelementptr %32[12] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %40 = llvm_ext.load %39 invariant align 4 alias "vmctx" : !llvm.ptr -> i32
// CHECK-NEXT:    %41 = llvm.mlir.undef : !llvm.struct<(i32, i32)>
// CHECK-NEXT:    %42 = llvm.insertvalue %38, %41[0] : !llvm.struct<(i32, i32)>
// CHECK-NEXT:    %43 = llvm.insertvalue %40, %42[1] : !llvm.struct<(i32, i32)>
// CHECK-NEXT:    llvm.return %43 : !llvm.struct<(i32, i32)>
// CHECK-NEXT:  }
wasmvm.func wasm @references(%ids: !llvm.ptr, %r: !wasmir.ref<null extern>) -> (i32, i32) {
  %0 = wasmir.ref.null : !wasmir.ref<null func>
  %1 = wasmir.ref.is_null %r : !wasmir.ref<null extern>
  %2 = wasmvm.signature_id %ids[3]
  wasmir.return %1, %2 : i32, i32
}
