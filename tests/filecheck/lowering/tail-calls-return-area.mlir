// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// The return area is passed on: the callee's results are the caller's.

// CHECK-LABEL: @"wasm[0]::function[0]"(ptr %0, ptr %1,
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %14 = trunc i64 %3 to i32
// CHECK-NEXT:    %15 = zext i32 %14 to i64
// CHECK-NEXT:    %16 = zext i32 %14 to i64
// CHECK-NEXT:    %17 = zext i32 %14 to i64
// CHECK-NEXT:    %18 = musttail call { i64, i64, i64, <4 x float>, <4 x float> } @"wasm[0]::function[1]"(ptr %0, ptr %0, i64 %2, i64 %15, i64 %16, i64 %17, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef) nomerge noinline
// CHECK-NEXT:    ret { i64, i64, i64, <4 x float>, <4 x float> } %18
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @f(%a: i32) -> (i32, i32, i32, i64) {
  wasmir.return_call @g(%a, %a, %a : i32, i32, i32)
}

// CHECK-LABEL: @"wasm[0]::function[1]"(ptr %0, ptr %1,
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %14 = trunc i64 %3 to i32
// CHECK-NEXT:    %15 = trunc i64 %4 to i32
// CHECK-NEXT:    %16 = trunc i64 %5 to i32
// CHECK-NEXT:    %17 = icmp eq i32 %14, 0
// CHECK-NEXT:    br i1 %17, label %b1, label %b2
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %18 = inttoptr i64 %2 to ptr
// CHECK-NEXT:    store i64 7, ptr %18, align 1
// CHECK-NEXT:    %19 = zext i32 %14 to i64
// CHECK-NEXT:    %20 = insertvalue { i64, i64, i64, <4 x float>, <4 x float> } undef, i64 %19, 0
// CHECK-NEXT:    %21 = zext i32 %15 to i64
// CHECK-NEXT:    %22 = insertvalue { i64, i64, i64, <4 x float>, <4 x float> } %20, i64 %21, 1
// CHECK-NEXT:    %23 = zext i32 %16 to i64
// CHECK-NEXT:    %24 = insertvalue { i64, i64, i64, <4 x float>, <4 x float> } %22, i64 %23, 2
// CHECK-NEXT:    ret { i64, i64, i64, <4 x float>, <4 x float> } %24
// CHECK-NEXT:  b2:
// CHECK-NEXT:    %25 = zext i32 %15 to i64
// CHECK-NEXT:    %26 = musttail call { i64, i64, i64, <4 x float>, <4 x float> } @"wasm[0]::function[0]"(ptr %0, ptr %0, i64 %2, i64 %25, i64 undef, i64 undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef, <4 x float> undef) nomerge noinline
// CHECK-NEXT:    ret { i64, i64, i64, <4 x float>, <4 x float> } %26
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @g(%a: i32, %b: i32, %c: i32) -> (i32, i32, i32, i64) {
  %0 = wasmir.i64.const 7
  %1 = wasmir.i32.eqz %a
  wasmir.br_if %1, ^end, ^on
^end:
  wasmir.return %a, %b, %c, %0 : i32, i32, i32, i64
^on:
  wasmir.return_call @f(%b : i32)
}
