// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Division is checked for what LLVM leaves undefined; a constant divisor needs no check.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = icmp eq i32 %3, 0
// CHECK-NEXT:    br i1 %4, label %b2, label %b1
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %5 = udiv i32 %2, %3
// CHECK-NEXT:    ret i32 %5
// CHECK-NEXT:  b2:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 7) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @unsigned(%x: i32, %y: i32) -> i32 {
  %0 = wasmir.i32.div_u %x, %y
  wasmir.return %0 : i32
}

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = icmp eq i64 %3, 0
// CHECK-NEXT:    br i1 %4, label %b3, label %b1
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %5 = icmp eq i64 %2, -9223372036854775808
// CHECK-NEXT:    %6 = icmp eq i64 %3, -1
// CHECK-NEXT:    %7 = and i1 %5, %6
// CHECK-NEXT:    br i1 %7, label %b4, label %b2
// CHECK-NEXT:  b2:
// CHECK-NEXT:    %8 = sdiv i64 %2, %3
// CHECK-NEXT:    ret i64 %8
// CHECK-NEXT:  b3:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 7) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  b4:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 6) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @signed(%x: i64, %y: i64) -> i64 {
  %0 = wasmir.i64.div_s %x, %y
  wasmir.return %0 : i64
}

// CHECK-LABEL: @"wasm[0]::function[2]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = icmp eq i32 %3, 0
// CHECK-NEXT:    br i1 %4, label %b2, label %b1
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %5 = icmp eq i32 %3, -1
// CHECK-NEXT:    %6 = select i1 %5, i32 1, i32 %3
// CHECK-NEXT:    %7 = srem i32 %2, %6
// CHECK-NEXT:    ret i32 %7
// CHECK-NEXT:  b2:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 7) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @remainder(%x: i32, %y: i32) -> i32 {
  %0 = wasmir.i32.rem_s %x, %y
  wasmir.return %0 : i32
}

// CHECK-LABEL: @"wasm[0]::function[3]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = sdiv i32 %2, 10
// CHECK-NEXT:    ret i32 %3
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @by_constant(%x: i32) -> i32 {
  %ten = wasmir.i32.const 10
  %0 = wasmir.i32.div_s %x, %ten
  wasmir.return %0 : i32
}

// CHECK-LABEL: @"wasm[0]::function[4]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = urem i64 %2, -1
// CHECK-NEXT:    %4 = icmp eq i64 -1, -1
// CHECK-NEXT:    %5 = select i1 %4, i64 1, i64 -1
// CHECK-NEXT:    %6 = srem i64 %3, %5
// CHECK-NEXT:    ret i64 %6
// CHECK-NEXT:  }
wasmir.func index 4 slot 4 @by_minus_one(%x: i64) -> i64 {
  %minus_one = wasmir.i64.const -1
  %0 = wasmir.i64.rem_u %x, %minus_one
  %1 = wasmir.i64.rem_s %0, %minus_one
  wasmir.return %1 : i64
}
