// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// A comparison is an i1 for what branches on it, and an i32 only where its number is used.
// So is what joins comparisons.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = icmp ult i32 %2, %3
// CHECK-NEXT:    %5 = xor i1 %4, true
// CHECK-NEXT:    br i1 %5, label %b1, label %b2
// CHECK-NEXT:  b1:
// CHECK-NEXT:    ret i32 %2
// CHECK-NEXT:  b2:
// CHECK-NEXT:    ret i32 %3
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @only_branch(%x: i32, %y: i32) -> i32 {
  %0 = wasmir.i32.lt_u %x, %y
  %1 = wasmir.i32.eqz %0
  wasmir.br_if %1, ^a, ^b
^a:
  wasmir.return %x : i32
^b:
  wasmir.return %y : i32
}

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = fcmp une double %2, %3
// CHECK-NEXT:    %5 = zext i1 %4 to i32
// CHECK-NEXT:    %6 = fcmp ole double %2, %3
// CHECK-NEXT:    %7 = zext i1 %6 to i32
// CHECK-NEXT:    %8 = add i32 %5, %7
// CHECK-NEXT:    ret i32 %8
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @number(%x: f64, %y: f64) -> i32 {
  %0 = wasmir.f64.ne %x, %y
  %1 = wasmir.f64.le %x, %y
  %2 = wasmir.i32.add %0, %1
  wasmir.return %2 : i32
}

// CHECK-LABEL: @"wasm[0]::function[2]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = icmp ult i32 %2, %3
// CHECK-NEXT:    %5 = icmp eq i32 %3, 0
// CHECK-NEXT:    %6 = or i1 %4, %5
// CHECK-NEXT:    %7 = zext i1 %6 to i32
// CHECK-NEXT:    br i1 %6, label %b1, label %b2
// CHECK-NEXT:  b1:
// CHECK-NEXT:    ret i32 %2
// CHECK-NEXT:  b2:
// CHECK-NEXT:    ret i32 %7
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @joint(%x: i32, %y: i32) -> i32 {
  %0 = wasmir.i32.lt_u %x, %y
  %1 = wasmir.i32.eqz %y
  %2 = wasmir.i32.or %0, %1
  wasmir.br_if %2, ^a, ^b
^a:
  wasmir.return %x : i32
^b:
  wasmir.return %2 : i32
}

// CHECK-LABEL: @"wasm[0]::function[3]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %4 = icmp ult i32 %2, %3
// CHECK-NEXT:    %5 = zext i1 %4 to i32
// CHECK-NEXT:    %6 = and i32 %2, %5
// CHECK-NEXT:    %7 = xor i32 %5, %6
// CHECK-NEXT:    ret i32 %7
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @joint_with_a_number(%x: i32, %y: i32) -> i32 {
  %0 = wasmir.i32.lt_u %x, %y
  %1 = wasmir.i32.and %x, %0
  %2 = wasmir.i32.xor %0, %1
  wasmir.return %2 : i32
}
