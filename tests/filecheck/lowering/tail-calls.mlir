// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// A function that makes tail calls has a type with every register, and calls others as of that type.
// Parameters without a register go through memory of the store: the function has a tail entry and an
// ordinary one, and a call finds the callee's tail entry, or a trampoline, at run time.

// CHECK-LABEL: @"wasm[0]::function[0]"(ptr %0, ptr %1,
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %14 = trunc i64 %2 to i32
// CHECK-NEXT:    %15 = inttoptr i64 %3 to ptr
// CHECK-NEXT:    %16 = extractelement <4 x float> %6, i32 0
// CHECK-NEXT:    %17 = bitcast <4 x float> %7 to <2 x double>
// CHECK-NEXT:    %18 = extractelement <2 x double> %17, i32 0
// CHECK-NEXT:    %19 = ptrtoint ptr %15 to i64
// CHECK-NEXT:    %20 = insertelement <4 x float> undef, float %16, i32 0
// CHECK-NEXT:    %21 = insertelement <2 x double> undef, double %18, i32 0
// CHECK-NEXT:    %22 = bitcast <2 x double> %21 to <4 x float>
// CHECK-NEXT:    %23 = insertelement <4 x float> undef, float %16, i32 0
// CHECK-NEXT:    %24 = musttail call { i64, i64, i64, <4 x float>, <4 x float> } @"wasm[0]::function[1]"(ptr %0, ptr %0, i64 %19, i64 undef, i64 undef, i64 undef, <4 x float> %20, <4 x float> %22, <4 x float> %23, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef) nomerge noinline
// CHECK-NEXT:    ret { i64, i64, i64, <4 x float>, <4 x float> } %24
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @few(%a: i32, %b: f32, %c: f64, %r: !wasmir.ref<null func>) -> (f64, f32) {
  wasmir.return_call @other(%r, %b, %c, %b : !wasmir.ref<null func>, f32, f64, f32)
}

// CHECK-LABEL: @"wasm[0]::function[1]"(ptr %0, ptr %1,
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %6 = insertvalue { double, float } undef, double %4, 0
// CHECK-NEXT:    %7 = insertvalue { double, float } %6, float %5, 1
// CHECK-NEXT:    ret { double, float } %7
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @other(%r: !wasmir.ref<null func>, %b: f32, %c: f64, %d: f32) -> (f64, f32) {
  wasmir.return %c, %d : f64, f32
}

// CHECK-LABEL: @"wasm[0]::function[2]"(ptr %0, ptr %1,
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %8 = getelementptr i8, ptr %0, i64 8
// CHECK-NEXT:    %9 = load ptr, ptr %8, align 8
// CHECK-NEXT:    %10 = getelementptr i8, ptr %9, i64 56
// CHECK-NEXT:    %11 = load ptr, ptr %10, align 8
// CHECK-NEXT:    %12 = getelementptr i8, ptr %11, i64 16
// CHECK-NEXT:    store i32 %6, ptr %12, align 4
// CHECK-NEXT:    %13 = getelementptr i8, ptr %11, i64 24
// CHECK-NEXT:    store i64 %7, ptr %13, align 8
// CHECK-NEXT:    %14 = zext i32 %2 to i64
// CHECK-NEXT:    %15 = zext i32 %3 to i64
// CHECK-NEXT:    %16 = zext i32 %4 to i64
// CHECK-NEXT:    %17 = zext i32 %5 to i64
// CHECK-NEXT:    %18 = notail call { i64, i64, i64, <4 x float>, <4 x float> } @"wasm[0]::tail_entry[2]"(ptr %0, ptr %1, i64 %14, i64 %15, i64 %16, i64 %17, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef) nomerge noinline
// CHECK-NEXT:    %19 = extractvalue { i64, i64, i64, <4 x float>, <4 x float> } %18, 3
// CHECK-NEXT:    %20 = bitcast <4 x float> %19 to <2 x double>
// CHECK-NEXT:    %21 = extractelement <2 x double> %20, i32 0
// CHECK-NEXT:    %22 = extractvalue { i64, i64, i64, <4 x float>, <4 x float> } %18, 4
// CHECK-NEXT:    %23 = extractelement <4 x float> %22, i32 0
// CHECK-NEXT:    %24 = insertvalue { double, float } undef, double %21, 0
// CHECK-NEXT:    %25 = insertvalue { double, float } %24, float %23, 1
// CHECK-NEXT:    ret { double, float } %25
// CHECK-NEXT:  }
// CHECK-LABEL: @"wasm[0]::tail_entry[2]"(ptr %0, ptr %1, i64 %2
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %14 = trunc i64 %2 to i32
// CHECK-NEXT:    %15 = trunc i64 %3 to i32
// CHECK-NEXT:    %16 = trunc i64 %4 to i32
// CHECK-NEXT:    %17 = trunc i64 %5 to i32
// CHECK-NEXT:    %18 = getelementptr i8, ptr %0, i64 8
// CHECK-NEXT:    %19 = load ptr, ptr %18, align 8
// CHECK-NEXT:    %20 = getelementptr i8, ptr %19, i64 56
// CHECK-NEXT:    %21 = load ptr, ptr %20, align 8
// CHECK-NEXT:    %22 = getelementptr i8, ptr %21, i64 16
// CHECK-NEXT:    %23 = load i32, ptr %22, align 4
// CHECK-NEXT:    %24 = getelementptr i8, ptr %21, i64 24
// CHECK-NEXT:    %25 = load i64, ptr %24, align 8
// CHECK-NEXT:    %26 = icmp eq i32 %14, 0
// CHECK-NEXT:    br i1 %26, label %b1, label %b2
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %27 = getelementptr i8, ptr %0, i64 8
// CHECK-NEXT:    %28 = load ptr, ptr %27, align 8
// CHECK-NEXT:    %29 = getelementptr i8, ptr %28, i64 56
// CHECK-NEXT:    %30 = load ptr, ptr %29, align 8
// CHECK-NEXT:    %31 = getelementptr i8, ptr %30, i64 16
// CHECK-NEXT:    store i32 %14, ptr %31, align 4
// CHECK-NEXT:    %32 = getelementptr i8, ptr %30, i64 24
// CHECK-NEXT:    store i64 %25, ptr %32, align 8
// CHECK-NEXT:    %33 = zext i32 %15 to i64
// CHECK-NEXT:    %34 = zext i32 %16 to i64
// CHECK-NEXT:    %35 = zext i32 %17 to i64
// CHECK-NEXT:    %36 = zext i32 %23 to i64
// CHECK-NEXT:    %37 = musttail call { i64, i64, i64, <4 x float>, <4 x float> } @"wasm[0]::tail_entry[2]"(ptr %0, ptr %0, i64 %33, i64 %34, i64 %35, i64 %36, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef) nomerge noinline
// CHECK-NEXT:    ret { i64, i64, i64, <4 x float>, <4 x float> } %37
// CHECK-NEXT:  b2:
// CHECK-NEXT:    %38 = getelementptr i8, ptr %0, i64 8
// CHECK-NEXT:    %39 = load ptr, ptr %38, align 8
// CHECK-NEXT:    %40 = getelementptr i8, ptr %39, i64 56
// CHECK-NEXT:    %41 = load ptr, ptr %40, align 8
// CHECK-NEXT:    %42 = getelementptr i8, ptr %41, i64 16
// CHECK-NEXT:    store i64 %25, ptr %42, align 8
// CHECK-NEXT:    %43 = getelementptr i8, ptr @"wasm[0]::function[3]", i64 0
// CHECK-NEXT:    store ptr %43, ptr %41, align 8
// CHECK-NEXT:    %44 = getelementptr i8, ptr @"signatures[i32,i32,i32,i32,i64->f64,f32]::tail_to_wasm_trampoline", i64 0
// CHECK-NEXT:    %45 = getelementptr i8, ptr %0, i64 4
// CHECK-NEXT:    %46 = load i32, ptr %45, align 4
// CHECK-NEXT:    %47 = and i32 %46, 1
// CHECK-NEXT:    %48 = icmp ne i32 %47, 0
// CHECK-NEXT:    br i1 %48, label %b3, label %b4
// CHECK-NEXT:  b3:
// CHECK-NEXT:    %49 = getelementptr i8, ptr %43, i64 -4
// CHECK-NEXT:    %50 = load i32, ptr %49, align 4
// CHECK-NEXT:    %51 = sext i32 %50 to i64
// CHECK-NEXT:    %52 = getelementptr i8, ptr %43, i64 %51
// CHECK-NEXT:    %53 = icmp ne i32 %50, 0
// CHECK-NEXT:    %54 = select i1 %53, ptr %52, ptr %44
// CHECK-NEXT:    br label %b4
// CHECK-NEXT:  b4:
// CHECK-NEXT:    %55 = phi ptr [ %44, %b2 ], [ %54, %b3 ]
// CHECK-NEXT:    %56 = zext i32 %15 to i64
// CHECK-NEXT:    %57 = zext i32 %16 to i64
// CHECK-NEXT:    %58 = zext i32 %17 to i64
// CHECK-NEXT:    %59 = zext i32 %23 to i64
// CHECK-NEXT:    %60 = musttail call { i64, i64, i64, <4 x float>, <4 x float> } %55(ptr %0, ptr %0, i64 %56, i64 %57, i64 %58, i64 %59, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef) nomerge noinline
// CHECK-NEXT:    ret { i64, i64, i64, <4 x float>, <4 x float> } %60
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @many(%a: i32, %b: i32, %c: i32, %d: i32, %e: i32, %f: i64) -> (f64, f32) {
  %0 = wasmir.i32.eqz %a
  wasmir.br_if %0, ^itself, ^other
^itself:
  wasmir.return_call @many(%b, %c, %d, %e, %a, %f : i32, i32, i32, i32, i32, i64)
^other:
  wasmir.return_call @five(%b, %c, %d, %e, %f : i32, i32, i32, i32, i64)
}

// CHECK-LABEL: @"wasm[0]::function[3]"(ptr %0, ptr %1, i32
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %7 = call double @llvm.arithmetic.fence.f64(double bitcast (i64 4607182418800017408 to double))
// CHECK-NEXT:    %8 = call float @llvm.arithmetic.fence.f32(float bitcast (i32 1065353216 to float))
// CHECK-NEXT:    %9 = insertvalue { double, float } undef, double %7, 0
// CHECK-NEXT:    %10 = insertvalue { double, float } %9, float %8, 1
// CHECK-NEXT:    ret { double, float } %10
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @five(%b: i32, %c: i32, %d: i32, %e: i32, %f: i64) -> (f64, f32) {
  %0 = wasmir.f64.const "0x1"
  %1 = wasmir.f32.const "0x1"
  wasmir.return %0, %1 : f64, f32
}

// CHECK-LABEL: tail_to_wasm_trampoline"(ptr %0, ptr %1,
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %14 = getelementptr i8, ptr %1, i64 8
// CHECK-NEXT:    %15 = load ptr, ptr %14, align 8
// CHECK-NEXT:    %16 = getelementptr i8, ptr %15, i64 56
// CHECK-NEXT:    %17 = load ptr, ptr %16, align 8
// CHECK-NEXT:    %18 = load ptr, ptr %17, align 8
// CHECK-NEXT:    %19 = trunc i64 %2 to i32
// CHECK-NEXT:    %20 = trunc i64 %3 to i32
// CHECK-NEXT:    %21 = trunc i64 %4 to i32
// CHECK-NEXT:    %22 = trunc i64 %5 to i32
// CHECK-NEXT:    %23 = getelementptr i8, ptr %1, i64 8
// CHECK-NEXT:    %24 = load ptr, ptr %23, align 8
// CHECK-NEXT:    %25 = getelementptr i8, ptr %24, i64 56
// CHECK-NEXT:    %26 = load ptr, ptr %25, align 8
// CHECK-NEXT:    %27 = getelementptr i8, ptr %26, i64 16
// CHECK-NEXT:    %28 = load i64, ptr %27, align 8
// CHECK-NEXT:    %29 = notail call { double, float } %18(ptr %0, ptr %1, i32 %19, i32 %20, i32 %21, i32 %22, i64 %28) nomerge noinline
// CHECK-NEXT:    %30 = extractvalue { double, float } %29, 0
// CHECK-NEXT:    %31 = extractvalue { double, float } %29, 1
// CHECK-NEXT:    %32 = insertelement <2 x double> undef, double %30, i32 0
// CHECK-NEXT:    %33 = bitcast <2 x double> %32 to <4 x float>
// CHECK-NEXT:    %34 = insertvalue { i64, i64, i64, <4 x float>, <4 x float> } undef, <4 x float> %33, 3
// CHECK-NEXT:    %35 = insertelement <4 x float> undef, float %31, i32 0
// CHECK-NEXT:    %36 = insertvalue { i64, i64, i64, <4 x float>, <4 x float> } %34, <4 x float> %35, 4
// CHECK-NEXT:    ret { i64, i64, i64, <4 x float>, <4 x float> } %36
// CHECK-NEXT:  }
