// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Every integer operation that cannot trap, in order.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = icmp eq i32 %2, 0
// CHECK-NEXT:    %5 = icmp eq i32 %2, %3
// CHECK-NEXT:    %6 = icmp ne i32 %2, %3
// CHECK-NEXT:    %7 = icmp slt i32 %2, %3
// CHECK-NEXT:    %8 = icmp ult i32 %2, %3
// CHECK-NEXT:    %9 = icmp sgt i32 %2, %3
// CHECK-NEXT:    %10 = icmp ugt i32 %2, %3
// CHECK-NEXT:    %11 = icmp sle i32 %2, %3
// CHECK-NEXT:    %12 = icmp ule i32 %2, %3
// CHECK-NEXT:    %13 = icmp sge i32 %2, %3
// CHECK-NEXT:    %14 = icmp uge i32 %2, %3
// CHECK-NEXT:    %15 = call i32 @llvm.ctlz.i32(i32 %2, i1 false)
// CHECK-NEXT:    %16 = call i32 @llvm.cttz.i32(i32 %2, i1 false)
// CHECK-NEXT:    %17 = call i32 @llvm.ctpop.i32(i32 %2)
// CHECK-NEXT:    %18 = add i32 %2, %3
// CHECK-NEXT:    %19 = sub i32 %2, %3
// CHECK-NEXT:    %20 = mul i32 %2, %3
// CHECK-NEXT:    %21 = and i32 %2, %3
// CHECK-NEXT:    %22 = or i32 %2, %3
// CHECK-NEXT:    %23 = xor i32 %2, %3
// CHECK-NEXT:    %24 = and i32 %3, 31
// CHECK-NEXT:    %25 = shl i32 %2, %24
// CHECK-NEXT:    %26 = and i32 %3, 31
// CHECK-NEXT:    %27 = ashr i32 %2, %26
// CHECK-NEXT:    %28 = and i32 %3, 31
// CHECK-NEXT:    %29 = lshr i32 %2, %28
// CHECK-NEXT:    %30 = call i32 @llvm.fshl.i32(i32 %2, i32 %2, i32 %3)
// CHECK-NEXT:    %31 = call i32 @llvm.fshr.i32(i32 %2, i32 %2, i32 %3)
// CHECK-NEXT:    %32 = trunc i32 %2 to i8
// CHECK-NEXT:    %33 = sext i8 %32 to i32
// CHECK-NEXT:    %34 = trunc i32 %2 to i16
// CHECK-NEXT:    %35 = sext i16 %34 to i32
// CHECK-NEXT:    ret void
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @i32(%a: i32, %b: i32) {
  %eqz = wasmir.i32.eqz %a
  %eq = wasmir.i32.eq %a, %b
  %ne = wasmir.i32.ne %a, %b
  %lt_s = wasmir.i32.lt_s %a, %b
  %lt_u = wasmir.i32.lt_u %a, %b
  %gt_s = wasmir.i32.gt_s %a, %b
  %gt_u = wasmir.i32.gt_u %a, %b
  %le_s = wasmir.i32.le_s %a, %b
  %le_u = wasmir.i32.le_u %a, %b
  %ge_s = wasmir.i32.ge_s %a, %b
  %ge_u = wasmir.i32.ge_u %a, %b
  %clz = wasmir.i32.clz %a
  %ctz = wasmir.i32.ctz %a
  %popcnt = wasmir.i32.popcnt %a
  %add = wasmir.i32.add %a, %b
  %sub = wasmir.i32.sub %a, %b
  %mul = wasmir.i32.mul %a, %b
  %and = wasmir.i32.and %a, %b
  %or = wasmir.i32.or %a, %b
  %xor = wasmir.i32.xor %a, %b
  %shl = wasmir.i32.shl %a, %b
  %shr_s = wasmir.i32.shr_s %a, %b
  %shr_u = wasmir.i32.shr_u %a, %b
  %rotl = wasmir.i32.rotl %a, %b
  %rotr = wasmir.i32.rotr %a, %b
  %extend8_s = wasmir.i32.extend8_s %a
  %extend16_s = wasmir.i32.extend16_s %a
  wasmir.return
}

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = icmp eq i64 %2, 0
// CHECK-NEXT:    %5 = icmp eq i64 %2, %3
// CHECK-NEXT:    %6 = icmp ne i64 %2, %3
// CHECK-NEXT:    %7 = icmp slt i64 %2, %3
// CHECK-NEXT:    %8 = icmp ult i64 %2, %3
// CHECK-NEXT:    %9 = icmp sgt i64 %2, %3
// CHECK-NEXT:    %10 = icmp ugt i64 %2, %3
// CHECK-NEXT:    %11 = icmp sle i64 %2, %3
// CHECK-NEXT:    %12 = icmp ule i64 %2, %3
// CHECK-NEXT:    %13 = icmp sge i64 %2, %3
// CHECK-NEXT:    %14 = icmp uge i64 %2, %3
// CHECK-NEXT:    %15 = call i64 @llvm.ctlz.i64(i64 %2, i1 false)
// CHECK-NEXT:    %16 = call i64 @llvm.cttz.i64(i64 %2, i1 false)
// CHECK-NEXT:    %17 = call i64 @llvm.ctpop.i64(i64 %2)
// CHECK-NEXT:    %18 = add i64 %2, %3
// CHECK-NEXT:    %19 = sub i64 %2, %3
// CHECK-NEXT:    %20 = mul i64 %2, %3
// CHECK-NEXT:    %21 = and i64 %2, %3
// CHECK-NEXT:    %22 = or i64 %2, %3
// CHECK-NEXT:    %23 = xor i64 %2, %3
// CHECK-NEXT:    %24 = and i64 %3, 63
// CHECK-NEXT:    %25 = shl i64 %2, %24
// CHECK-NEXT:    %26 = and i64 %3, 63
// CHECK-NEXT:    %27 = ashr i64 %2, %26
// CHECK-NEXT:    %28 = and i64 %3, 63
// CHECK-NEXT:    %29 = lshr i64 %2, %28
// CHECK-NEXT:    %30 = call i64 @llvm.fshl.i64(i64 %2, i64 %2, i64 %3)
// CHECK-NEXT:    %31 = call i64 @llvm.fshr.i64(i64 %2, i64 %2, i64 %3)
// CHECK-NEXT:    %32 = trunc i64 %2 to i8
// CHECK-NEXT:    %33 = sext i8 %32 to i64
// CHECK-NEXT:    %34 = trunc i64 %2 to i16
// CHECK-NEXT:    %35 = sext i16 %34 to i64
// CHECK-NEXT:    %36 = trunc i64 %2 to i32
// CHECK-NEXT:    %37 = sext i32 %36 to i64
// CHECK-NEXT:    ret void
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @i64(%a: i64, %b: i64) {
  %eqz = wasmir.i64.eqz %a
  %eq = wasmir.i64.eq %a, %b
  %ne = wasmir.i64.ne %a, %b
  %lt_s = wasmir.i64.lt_s %a, %b
  %lt_u = wasmir.i64.lt_u %a, %b
  %gt_s = wasmir.i64.gt_s %a, %b
  %gt_u = wasmir.i64.gt_u %a, %b
  %le_s = wasmir.i64.le_s %a, %b
  %le_u = wasmir.i64.le_u %a, %b
  %ge_s = wasmir.i64.ge_s %a, %b
  %ge_u = wasmir.i64.ge_u %a, %b
  %clz = wasmir.i64.clz %a
  %ctz = wasmir.i64.ctz %a
  %popcnt = wasmir.i64.popcnt %a
  %add = wasmir.i64.add %a, %b
  %sub = wasmir.i64.sub %a, %b
  %mul = wasmir.i64.mul %a, %b
  %and = wasmir.i64.and %a, %b
  %or = wasmir.i64.or %a, %b
  %xor = wasmir.i64.xor %a, %b
  %shl = wasmir.i64.shl %a, %b
  %shr_s = wasmir.i64.shr_s %a, %b
  %shr_u = wasmir.i64.shr_u %a, %b
  %rotl = wasmir.i64.rotl %a, %b
  %rotr = wasmir.i64.rotr %a, %b
  %extend8_s = wasmir.i64.extend8_s %a
  %extend16_s = wasmir.i64.extend16_s %a
  %extend32_s = wasmir.i64.extend32_s %a
  wasmir.return
}
