// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Shift counts are taken modulo the width; rotations are funnel shifts, which do that already.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = and i32 %3, 31
// CHECK-NEXT:    %5 = shl i32 %2, %4
// CHECK-NEXT:    %6 = ashr i32 %5, 8
// CHECK-NEXT:    ret i32 %6
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @shifts(%x: i32, %n: i32) -> i32 {
  %forty = wasmir.i32.const 40
  %0 = wasmir.i32.shl %x, %n
  %1 = wasmir.i32.shr_s %0, %forty
  wasmir.return %1 : i32
}

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = call i64 @llvm.fshl.i64(i64 %2, i64 %2, i64 %3)
// CHECK-NEXT:    %5 = call i64 @llvm.fshr.i64(i64 %4, i64 %4, i64 %3)
// CHECK-NEXT:    %6 = and i64 %3, 63
// CHECK-NEXT:    %7 = lshr i64 %5, %6
// CHECK-NEXT:    ret i64 %7
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @rotations(%x: i64, %n: i64) -> i64 {
  %0 = wasmir.i64.rotl %x, %n
  %1 = wasmir.i64.rotr %0, %n
  %2 = wasmir.i64.shr_u %1, %n
  wasmir.return %2 : i64
}

// CHECK-LABEL: @"wasm[0]::function[2]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = call i64 @llvm.ctlz.i64(i64 %2, i1 false)
// CHECK-NEXT:    %4 = call i64 @llvm.cttz.i64(i64 %3, i1 false)
// CHECK-NEXT:    %5 = call i64 @llvm.ctpop.i64(i64 %4)
// CHECK-NEXT:    %6 = trunc i64 %5 to i8
// CHECK-NEXT:    %7 = sext i8 %6 to i64
// CHECK-NEXT:    ret i64 %7
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @bits(%x: i64) -> i64 {
  %0 = wasmir.i64.clz %x
  %1 = wasmir.i64.ctz %0
  %2 = wasmir.i64.popcnt %1
  %3 = wasmir.i64.extend8_s %2
  wasmir.return %3 : i64
}
