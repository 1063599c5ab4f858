// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// The wasm convention: both VMContexts, a return area where registers do not suffice, the parameters.
// Three integers and two floats come back in registers.

// CHECK-LABEL: llvm.func hidden @"wasm[0]::function[0]"
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @no_results(%x: i32) {
  wasmir.return
}

// CHECK-LABEL: llvm.func hidden @"wasm[0]::function[1]"
// CHECK-NEXT:    llvm.return %5 : !llvm.ptr
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @one_result(%x: !wasmir.ref<null func>) -> !wasmir.ref<null func> {
  wasmir.return %x : !wasmir.ref<null func>
}

// CHECK-LABEL: llvm.func hidden @"wasm[0]::function[2]"
// CHECK-NEXT:    %10 = llvm.mlir.undef : !llvm.struct<(i32, f64)>
// CHECK-NEXT:    %11 = llvm.insertvalue %8, %10[0] : !llvm.struct<(i32, f64)>
// CHECK-NEXT:    %12 = llvm.insertvalue %9, %11[1] : !llvm.struct<(i32, f64)>
// CHECK-NEXT:    llvm.return %12 : !llvm.struct<(i32, f64)>
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @in_registers(%x: i32, %y: f64) -> (i32, f64) {
  wasmir.return %x, %y : i32, f64
}

// CHECK-LABEL: llvm.func hidden @"wasm[0]::function[3]"
// CHECK-NEXT:    llvm_ext.store %17, %15 align 1 alias "stack" : f32, !llvm.ptr
// CHECK-NEXT:    %18 = llvm.mlir.undef : !llvm.struct<(f32, f32, i32)>
// CHECK-NEXT:    %19 = llvm.insertvalue %17, %18[0] : !llvm.struct<(f32, f32, i32)>
// CHECK-NEXT:    %20 = llvm.insertvalue %17, %19[1] : !llvm.struct<(f32, f32, i32)>
// CHECK-NEXT:    %21 = llvm.insertvalue %16, %20[2] : !llvm.struct<(f32, f32, i32)>
// CHECK-NEXT:    llvm.return %21 : !llvm.struct<(f32, f32, i32)>
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @through_the_area(%x: i32, %y: f32) -> (f32, f32, f32, i32) {
  wasmir.return %y, %y, %y, %x : f32, f32, f32, i32
}

// CHECK-LABEL: llvm.func hidden @"wasm[0]::function[4]"
// CHECK-NEXT:    %26 = llvm.mlir.constant(4) : i64
// CHECK-NEXT:    %27 = llvm.alloca %26 x i8 {alignment = 16 : i64} : (i64) -> !llvm.ptr
// CHECK-NEXT:    %28 = llvm.call notail @"wasm[0]::function[3]"(%22, %22, %27, %24, %25) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i32, f32) -> !llvm.struct<(f32, f32, i32)>
// CHECK-NEXT:    %29 = llvm.extractvalue %28[0] : !llvm.struct<(f32, f32, i32)>
// CHECK-NEXT:    %30 = llvm.extractvalue %28[1] : !llvm.struct<(f32, f32, i32)>
// CHECK-NEXT:    %31 = llvm.extractvalue %28[2] : !llvm.struct<(f32, f32, i32)>
// CHECK-NEXT:    %32 = llvm_ext.load %27 align 1 alias "stack" : !llvm.ptr -> f32
// CHECK-NEXT:    llvm.return %32 : f32
// CHECK-NEXT:  }
wasmir.func index 4 slot 4 @calls_with_area(%x: i32, %y: f32) -> f32 {
  %vmctx = wasmvm.vmctx
  %0, %1, %2, %3 = wasmvm.call @through_the_area[%vmctx, %vmctx](%x, %y) : (i32, f32) -> (f32, f32, f32, i32)
  wasmir.return %2 : f32
}
