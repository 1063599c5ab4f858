// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// Without the note, the declarations that are there count.

wasmir.global @a mut i32 index 0 slot 0
wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// CHECK-LABEL: llvm.func hidden @only_global
// CHECK-NEXT:    %2 = llvm.getelementptr %0[96] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %3 = llvm_ext.load %2 align 4 alias "global" : !llvm.ptr -> i32
// CHECK-NEXT:    llvm.return %3 : i32
// CHECK-NEXT:  }
wasmvm.func wasm @only_global() -> i32 {
  %vmctx = wasmvm.vmctx
  %0 = wasmvm.load_field %vmctx, globals.value[0] : i32
  wasmir.return %0 : i32
}
