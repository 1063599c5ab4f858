// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Every load and store: narrow ones extend and truncate.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = getelementptr i8, ptr %0, i64 80
// CHECK-NEXT:    %4 = load ptr, ptr %3, align 8
// CHECK-NEXT:    %5 = zext i32 %2 to i64
// CHECK-NEXT:    %6 = getelementptr i8, ptr %4, i64 %5
// CHECK-NEXT:    %7 = load i32, ptr %6, align 1
// CHECK-NEXT:    %8 = zext i32 %2 to i64
// CHECK-NEXT:    %9 = getelementptr i8, ptr %4, i64 %8
// CHECK-NEXT:    %10 = load i64, ptr %9, align 1
// CHECK-NEXT:    %11 = zext i32 %2 to i64
// CHECK-NEXT:    %12 = getelementptr i8, ptr %4, i64 %11
// CHECK-NEXT:    %13 = load float, ptr %12, align 1
// CHECK-NEXT:    %14 = zext i32 %2 to i64
// CHECK-NEXT:    %15 = getelementptr i8, ptr %4, i64 %14
// CHECK-NEXT:    %16 = load double, ptr %15, align 1
// CHECK-NEXT:    %17 = zext i32 %2 to i64
// CHECK-NEXT:    %18 = getelementptr i8, ptr %4, i64 %17
// CHECK-NEXT:    %19 = load i8, ptr %18, align 1
// CHECK-NEXT:    %20 = sext i8 %19 to i32
// CHECK-NEXT:    %21 = zext i32 %2 to i64
// CHECK-NEXT:    %22 = getelementptr i8, ptr %4, i64 %21
// CHECK-NEXT:    %23 = load i8, ptr %22, align 1
// CHECK-NEXT:    %24 = zext i8 %23 to i32
// CHECK-NEXT:    %25 = zext i32 %2 to i64
// CHECK-NEXT:    %26 = getelementptr i8, ptr %4, i64 %25
// CHECK-NEXT:    %27 = load i16, ptr %26, align 1
// CHECK-NEXT:    %28 = sext i16 %27 to i32
// CHECK-NEXT:    %29 = zext i32 %2 to i64
// CHECK-NEXT:    %30 = getelementptr i8, ptr %4, i64 %29
// CHECK-NEXT:    %31 = load i16, ptr %30, align 1
// CHECK-NEXT:    %32 = zext i16 %31 to i32
// CHECK-NEXT:    %33 = zext i32 %2 to i64
// CHECK-NEXT:    %34 = getelementptr i8, ptr %4, i64 %33
// CHECK-NEXT:    %35 = load i8, ptr %34, align 1
// CHECK-NEXT:    %36 = sext i8 %35 to i64
// CHECK-NEXT:    %37 = zext i32 %2 to i64
// CHECK-NEXT:    %38 = getelementptr i8, ptr %4, i64 %37
// CHECK-NEXT:    %39 = load i8, ptr %38, align 1
// CHECK-NEXT:    %40 = zext i8 %39 to i64
// CHECK-NEXT:    %41 = zext i32 %2 to i64
// CHECK-NEXT:    %42 = getelementptr i8, ptr %4, i64 %41
// CHECK-NEXT:    %43 = load i16, ptr %42, align 1
// CHECK-NEXT:    %44 = sext i16 %43 to i64
// CHECK-NEXT:    %45 = zext i32 %2 to i64
// CHECK-NEXT:    %46 = getelementptr i8, ptr %4, i64 %45
// CHECK-NEXT:    %47 = load i16, ptr %46, align 1
// CHECK-NEXT:    %48 = zext i16 %47 to i64
// CHECK-NEXT:    %49 = zext i32 %2 to i64
// CHECK-NEXT:    %50 = getelementptr i8, ptr %4, i64 %49
// CHECK-NEXT:    %51 = load i32, ptr %50, align 1
// CHECK-NEXT:    %52 = sext i32 %51 to i64
// CHECK-NEXT:    %53 = zext i32 %2 to i64
// CHECK-NEXT:    %54 = getelementptr i8, ptr %4, i64 %53
// CHECK-NEXT:    %55 = load i32, ptr %54, align 1
// CHECK-NEXT:    %56 = zext i32 %55 to i64
// CHECK-NEXT:    ret void
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @loads(%a: i32) {
  %i32_load = wasmir.i32.load @memory[%a] inbounds
  %i64_load = wasmir.i64.load @memory[%a] inbounds
  %f32_load = wasmir.f32.load @memory[%a] inbounds
  %f64_load = wasmir.f64.load @memory[%a] inbounds
  %i32_load8_s = wasmir.i32.load8_s @memory[%a] inbounds
  %i32_load8_u = wasmir.i32.load8_u @memory[%a] inbounds
  %i32_load16_s = wasmir.i32.load16_s @memory[%a] inbounds
  %i32_load16_u = wasmir.i32.load16_u @memory[%a] inbounds
  %i64_load8_s = wasmir.i64.load8_s @memory[%a] inbounds
  %i64_load8_u = wasmir.i64.load8_u @memory[%a] inbounds
  %i64_load16_s = wasmir.i64.load16_s @memory[%a] inbounds
  %i64_load16_u = wasmir.i64.load16_u @memory[%a] inbounds
  %i64_load32_s = wasmir.i64.load32_s @memory[%a] inbounds
  %i64_load32_u = wasmir.i64.load32_u @memory[%a] inbounds
  wasmir.return
}

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %7 = getelementptr i8, ptr %0, i64 80
// CHECK-NEXT:    %8 = load ptr, ptr %7, align 8
// CHECK-NEXT:    %9 = zext i32 %2 to i64
// CHECK-NEXT:    %10 = getelementptr i8, ptr %8, i64 %9
// CHECK-NEXT:    store volatile i32 %3, ptr %10, align 1
// CHECK-NEXT:    %11 = zext i32 %2 to i64
// CHECK-NEXT:    %12 = getelementptr i8, ptr %8, i64 %11
// CHECK-NEXT:    store volatile i64 %4, ptr %12, align 1
// CHECK-NEXT:    %13 = zext i32 %2 to i64
// CHECK-NEXT:    %14 = getelementptr i8, ptr %8, i64 %13
// CHECK-NEXT:    store volatile float %5, ptr %14, align 1
// CHECK-NEXT:    %15 = zext i32 %2 to i64
// CHECK-NEXT:    %16 = getelementptr i8, ptr %8, i64 %15
// CHECK-NEXT:    store volatile double %6, ptr %16, align 1
// CHECK-NEXT:    %17 = zext i32 %2 to i64
// CHECK-NEXT:    %18 = getelementptr i8, ptr %8, i64 %17
// CHECK-NEXT:    %19 = trunc i32 %3 to i8
// CHECK-NEXT:    store volatile i8 %19, ptr %18, align 1
// CHECK-NEXT:    %20 = zext i32 %2 to i64
// CHECK-NEXT:    %21 = getelementptr i8, ptr %8, i64 %20
// CHECK-NEXT:    %22 = trunc i32 %3 to i16
// CHECK-NEXT:    store volatile i16 %22, ptr %21, align 1
// CHECK-NEXT:    %23 = zext i32 %2 to i64
// CHECK-NEXT:    %24 = getelementptr i8, ptr %8, i64 %23
// CHECK-NEXT:    %25 = trunc i64 %4 to i8
// CHECK-NEXT:    store volatile i8 %25, ptr %24, align 1
// CHECK-NEXT:    %26 = zext i32 %2 to i64
// CHECK-NEXT:    %27 = getelementptr i8, ptr %8, i64 %26
// CHECK-NEXT:    %28 = trunc i64 %4 to i16
// CHECK-NEXT:    store volatile i16 %28, ptr %27, align 1
// CHECK-NEXT:    %29 = zext i32 %2 to i64
// CHECK-NEXT:    %30 = getelementptr i8, ptr %8, i64 %29
// CHECK-NEXT:    %31 = trunc i64 %4 to i32
// CHECK-NEXT:    store volatile i32 %31, ptr %30, align 1
// CHECK-NEXT:    ret void
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @stores(%a: i32, %i32: i32, %i64: i64, %f32: f32, %f64: f64) {
  wasmir.i32.store @memory[%a], %i32 inbounds
  wasmir.i64.store @memory[%a], %i64 inbounds
  wasmir.f32.store @memory[%a], %f32 inbounds
  wasmir.f64.store @memory[%a], %f64 inbounds
  wasmir.i32.store8 @memory[%a], %i32 inbounds
  wasmir.i32.store16 @memory[%a], %i32 inbounds
  wasmir.i64.store8 @memory[%a], %i64 inbounds
  wasmir.i64.store16 @memory[%a], %i64 inbounds
  wasmir.i64.store32 @memory[%a], %i64 inbounds
  wasmir.return
}
