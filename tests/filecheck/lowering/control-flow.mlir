// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Block arguments become phis; an edge that goes twice to a block is listed twice.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    br label %b1
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %3 = phi i32 [ %2, %b0 ], [ %5, %b1 ]
// CHECK-NEXT:    %4 = phi i32 [ 1, %b0 ], [ %6, %b1 ]
// CHECK-NEXT:    %5 = sub i32 %3, 1
// CHECK-NEXT:    %6 = mul i32 %4, %3
// CHECK-NEXT:    %7 = icmp ne i32 %5, 0
// CHECK-NEXT:    br i1 %7, label %b1, label %b2
// CHECK-NEXT:  b2:
// CHECK-NEXT:    ret i32 %6
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @loop(%n: i32) -> i32 {
  %one = wasmir.i32.const 1
  wasmir.br ^loop(%n, %one : i32, i32)
^loop(%i: i32, %product: i32):
  %next = wasmir.i32.sub %i, %one
  %larger = wasmir.i32.mul %product, %i
  wasmir.br_if %next, ^loop(%next, %larger : i32, i32), ^end
^end:
  wasmir.return %larger : i32
}

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %5 = icmp ne i32 %2, 0
// CHECK-NEXT:    br i1 %5, label %b1, label %b0.1
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %6 = phi i64 [ %3, %b0 ], [ %4, %b0.1 ]
// CHECK-NEXT:    ret i64 %6
// CHECK-NEXT:  b0.1:
// CHECK-NEXT:    br label %b1
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @same_target(%c: i32, %x: i64, %y: i64) -> i64 {
  wasmir.br_if %c, ^end(%x : i64), ^end(%y : i64)
^end(%r: i64):
  wasmir.return %r : i64
}

// CHECK-LABEL: @"wasm[0]::function[2]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    switch i32 %2, label %b2 [ i32 0, label %b2 i32 1, label %b1 i32 2, label %b0.3 ]
// CHECK-NEXT:  b1:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 9) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  b2:
// CHECK-NEXT:    %5 = phi i64 [ %3, %b0 ], [ %3, %b0 ], [ %4, %b0.3 ]
// CHECK-NEXT:    ret i64 %5
// CHECK-NEXT:  b0.3:
// CHECK-NEXT:    br label %b2
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @table(%i: i32, %x: i64, %y: i64) -> i64 {
  wasmir.br_table %i, [^end(%x : i64), ^other, ^end(%y : i64)], ^end(%x : i64)
^other:
  wasmir.unreachable
^end(%r: i64):
  wasmir.return %r : i64
}
