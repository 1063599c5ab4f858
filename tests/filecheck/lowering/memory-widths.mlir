// RUN: wasm-opt-py %s --no-forward-loads -t llvm | filecheck %s
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
// CHECK-NEXT:    %8 = load i64, ptr %6, align 1
// CHECK-NEXT:    %9 = load volatile float, ptr %6, align 1
// CHECK-NEXT:    %10 = load volatile double, ptr %6, align 1
// CHECK-NEXT:    %11 = load i8, ptr %6, align 1
// CHECK-NEXT:    %12 = sext i8 %11 to i32
// CHECK-NEXT:    %13 = load i8, ptr %6, align 1
// CHECK-NEXT:    %14 = zext i8 %13 to i32
// CHECK-NEXT:    %15 = load i16, ptr %6, align 1
// CHECK-NEXT:    %16 = sext i16 %15 to i32
// CHECK-NEXT:    %17 = load i16, ptr %6, align 1
// CHECK-NEXT:    %18 = zext i16 %17 to i32
// CHECK-NEXT:    %19 = load i8, ptr %6, align 1
// CHECK-NEXT:    %20 = sext i8 %19 to i64
// CHECK-NEXT:    %21 = load i8, ptr %6, align 1
// CHECK-NEXT:    %22 = zext i8 %21 to i64
// CHECK-NEXT:    %23 = load i16, ptr %6, align 1
// CHECK-NEXT:    %24 = sext i16 %23 to i64
// CHECK-NEXT:    %25 = load i16, ptr %6, align 1
// CHECK-NEXT:    %26 = zext i16 %25 to i64
// CHECK-NEXT:    %27 = load i32, ptr %6, align 1
// CHECK-NEXT:    %28 = sext i32 %27 to i64
// CHECK-NEXT:    %29 = load i32, ptr %6, align 1
// CHECK-NEXT:    %30 = zext i32 %29 to i64
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
// CHECK-NEXT:    store volatile i64 %4, ptr %10, align 1
// CHECK-NEXT:    store volatile float %5, ptr %10, align 1
// CHECK-NEXT:    store volatile double %6, ptr %10, align 1
// CHECK-NEXT:    %11 = trunc i32 %3 to i8
// CHECK-NEXT:    store volatile i8 %11, ptr %10, align 1
// CHECK-NEXT:    %12 = trunc i32 %3 to i16
// CHECK-NEXT:    store volatile i16 %12, ptr %10, align 1
// CHECK-NEXT:    %13 = trunc i64 %4 to i8
// CHECK-NEXT:    store volatile i8 %13, ptr %10, align 1
// CHECK-NEXT:    %14 = trunc i64 %4 to i16
// CHECK-NEXT:    store volatile i16 %14, ptr %10, align 1
// CHECK-NEXT:    %15 = trunc i64 %4 to i32
// CHECK-NEXT:    store volatile i32 %15, ptr %10, align 1
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
