// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Wide arithmetic is arithmetic of LLVM's i128, on halves that are joined before and split after.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %6 = zext i64 %3 to i128
// CHECK-NEXT:    %7 = shl i128 %6, 64
// CHECK-NEXT:    %8 = zext i64 %2 to i128
// CHECK-NEXT:    %9 = or i128 %7, %8
// CHECK-NEXT:    %10 = zext i64 %5 to i128
// CHECK-NEXT:    %11 = shl i128 %10, 64
// CHECK-NEXT:    %12 = zext i64 %4 to i128
// CHECK-NEXT:    %13 = or i128 %11, %12
// CHECK-NEXT:    %14 = add i128 %9, %13
// CHECK-NEXT:    %15 = lshr i128 %14, 64
// CHECK-NEXT:    %16 = trunc i128 %14 to i64
// CHECK-NEXT:    %17 = trunc i128 %15 to i64
// CHECK-NEXT:    %18 = zext i64 %17 to i128
// CHECK-NEXT:    %19 = shl i128 %18, 64
// CHECK-NEXT:    %20 = zext i64 %16 to i128
// CHECK-NEXT:    %21 = or i128 %19, %20
// CHECK-NEXT:    %22 = zext i64 %5 to i128
// CHECK-NEXT:    %23 = shl i128 %22, 64
// CHECK-NEXT:    %24 = zext i64 %4 to i128
// CHECK-NEXT:    %25 = or i128 %23, %24
// CHECK-NEXT:    %26 = sub i128 %21, %25
// CHECK-NEXT:    %27 = lshr i128 %26, 64
// CHECK-NEXT:    %28 = trunc i128 %26 to i64
// CHECK-NEXT:    %29 = trunc i128 %27 to i64
// CHECK-NEXT:    ret i64 %29
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @sums(%a: i64, %b: i64, %c: i64, %d: i64) -> i64 {
  %low, %high = wasmir.i64.add128 %a, %b, %c, %d
  %low_1, %high_1 = wasmir.i64.sub128 %low, %high, %c, %d
  wasmir.return %high_1 : i64
}

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = sext i64 %2 to i128
// CHECK-NEXT:    %5 = sext i64 %3 to i128
// CHECK-NEXT:    %6 = mul i128 %4, %5
// CHECK-NEXT:    %7 = lshr i128 %6, 64
// CHECK-NEXT:    %8 = trunc i128 %6 to i64
// CHECK-NEXT:    %9 = trunc i128 %7 to i64
// CHECK-NEXT:    %10 = zext i64 %8 to i128
// CHECK-NEXT:    %11 = zext i64 %9 to i128
// CHECK-NEXT:    %12 = mul i128 %10, %11
// CHECK-NEXT:    %13 = lshr i128 %12, 64
// CHECK-NEXT:    %14 = trunc i128 %12 to i64
// CHECK-NEXT:    %15 = trunc i128 %13 to i64
// CHECK-NEXT:    ret i64 %15
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @products(%a: i64, %b: i64) -> i64 {
  %low, %high = wasmir.i64.mul_wide_s %a, %b
  %low_1, %high_1 = wasmir.i64.mul_wide_u %low, %high
  wasmir.return %high_1 : i64
}
