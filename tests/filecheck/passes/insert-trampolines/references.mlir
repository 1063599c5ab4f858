// RUN: wasm-opt-py %s -p 'insert-trampolines{kinds=array-to-wasm},wasmvm-to-llvm' | filecheck %s
// BLESS

// References travel as pointers, 16 bytes a slot; a signature without values needs no slot.

// CHECK-LABEL: llvm.func hidden @"wasm[0]::array_to_wasm_trampoline[0]"
// CHECK-NEXT:    %10 = llvm_ext.load %8 align 8 alias "stack" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %11 = llvm.getelementptr %8[16] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %12 = llvm_ext.load %11 align 4 alias "stack" : !llvm.ptr -> f32
// CHECK-NEXT:    %13 = llvm.getelementptr %6[8] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %14 = llvm_ext.load %13 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %15 = llvm.intr.stacksave : !llvm.ptr
// CHECK-NEXT:    %16 = llvm.getelementptr %14[40] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    llvm_ext.store %15, %16 align 8 alias "limits" : !llvm.ptr, !llvm.ptr
// CHECK-NEXT:    %17 = llvm.call notail @"wasm[0]::function[0]"(%6, %7, %10, %12) {no_inline} : (!llvm.ptr, !llvm.ptr, !llvm.ptr, f32) -> !llvm.ptr
// CHECK-NEXT:    llvm_ext.store %17, %8 align 8 alias "stack" : !llvm.ptr, !llvm.ptr
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 func_ref 0 @reference(%f: !wasmir.ref<null func>, %x: f32) -> !wasmir.ref<null func> {
  wasmir.return %f : !wasmir.ref<null func>
}

// CHECK-LABEL: llvm.func hidden @"wasm[0]::array_to_wasm_trampoline[1]"
// CHECK-NEXT:    %22 = llvm.getelementptr %18[8] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %23 = llvm_ext.load %22 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %24 = llvm.intr.stacksave : !llvm.ptr
// CHECK-NEXT:    %25 = llvm.getelementptr %23[40] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    llvm_ext.store %24, %25 align 8 alias "limits" : !llvm.ptr, !llvm.ptr
// CHECK-NEXT:    llvm.call notail @"wasm[0]::function[1]"(%18, %19) {no_inline} : (!llvm.ptr, !llvm.ptr) -> ()
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 func_ref 1 @nothing() {
  wasmir.return
}
