// RUN: wasm-opt-py %s -t llvm | filecheck %s
// BLESS

// Calls are notail, so that runaway recursion exhausts the stack; functions that call check it.

wasmir.type @type (i32) -> i32 index 0
wasmir.table @table !wasmir.ref<null func> i32 min 1 index 0 slot 0
wasmir.func import "env" "f" index 0 slot 0 @imported(i32) -> i32

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = getelementptr i8, ptr %0, i64 8
// CHECK-NEXT:    %4 = load ptr, ptr %3, align 8
// CHECK-NEXT:    %5 = load i64, ptr %4, align 8
// CHECK-NEXT:    %6 = call ptr @llvm.stacksave.p0()
// CHECK-NEXT:    %7 = ptrtoint ptr %6 to i64
// CHECK-NEXT:    %8 = icmp ult i64 %7, %5
// CHECK-NEXT:    br i1 %8, label %b2, label %b1
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %9 = notail call i32 @"wasm[0]::function[1]"(ptr %0, ptr %0, i32 %2) nomerge
// CHECK-NEXT:    ret i32 %9
// CHECK-NEXT:  b2:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 0) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  }
wasmir.func index 1 slot 0 @recursive(%x: i32) -> i32 {
  %0 = wasmir.call @recursive(%x) : (i32) -> i32
  wasmir.return %0 : i32
}

// CHECK-LABEL: @"wasm[0]::function[2]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = getelementptr i8, ptr %0, i64 8
// CHECK-NEXT:    %4 = load ptr, ptr %3, align 8
// CHECK-NEXT:    %5 = load i64, ptr %4, align 8
// CHECK-NEXT:    %6 = call ptr @llvm.stacksave.p0()
// CHECK-NEXT:    %7 = ptrtoint ptr %6 to i64
// CHECK-NEXT:    %8 = icmp ult i64 %7, %5
// CHECK-NEXT:    br i1 %8, label %b2, label %b1
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %9 = getelementptr i8, ptr %0, i64 72
// CHECK-NEXT:    %10 = load ptr, ptr %9, align 8
// CHECK-NEXT:    %11 = getelementptr i8, ptr %0, i64 96
// CHECK-NEXT:    %12 = load ptr, ptr %11, align 8
// CHECK-NEXT:    %13 = notail call i32 %10(ptr %12, ptr %0, i32 %2) nomerge
// CHECK-NEXT:    ret i32 %13
// CHECK-NEXT:  b2:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 0) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  }
wasmir.func index 2 slot 1 @to_import(%x: i32) -> i32 {
  %0 = wasmir.call @imported(%x) : (i32) -> i32
  wasmir.return %0 : i32
}

// CHECK-LABEL: @"wasm[0]::function[3]"(
// CHECK-NEXT:  b0:
// CHECK-NEXT:    %3 = getelementptr i8, ptr %0, i64 8
// CHECK-NEXT:    %4 = load ptr, ptr %3, align 8
// CHECK-NEXT:    %5 = load i64, ptr %4, align 8
// CHECK-NEXT:    %6 = call ptr @llvm.stacksave.p0()
// CHECK-NEXT:    %7 = ptrtoint ptr %6 to i64
// CHECK-NEXT:    %8 = icmp ult i64 %7, %5
// CHECK-NEXT:    br i1 %8, label %b5, label %b1
// CHECK-NEXT:  b1:
// CHECK-NEXT:    %9 = getelementptr i8, ptr %0, i64 64
// CHECK-NEXT:    %10 = load ptr, ptr %9, align 8
// CHECK-NEXT:    %11 = getelementptr i8, ptr %0, i64 112
// CHECK-NEXT:    %12 = load i32, ptr %11, align 4
// CHECK-NEXT:    %13 = icmp uge i32 %2, %12
// CHECK-NEXT:    br i1 %13, label %b6, label %b2
// CHECK-NEXT:  b2:
// CHECK-NEXT:    %14 = getelementptr i8, ptr %0, i64 104
// CHECK-NEXT:    %15 = load ptr, ptr %14, align 8
// CHECK-NEXT:    %16 = zext i32 %2 to i64
// CHECK-NEXT:    %17 = mul i64 %16, 8
// CHECK-NEXT:    %18 = getelementptr i8, ptr %15, i64 %17
// CHECK-NEXT:    %19 = load i64, ptr %18, align 8
// CHECK-NEXT:    %20 = icmp eq i64 %19, 0
// CHECK-NEXT:    br i1 %20, label %b7, label %b3
// CHECK-NEXT:  b3:
// CHECK-NEXT:    %21 = phi i64 [ %19, %b2 ], [ %38, %b7 ]
// CHECK-NEXT:    %22 = and i64 %21, -2
// CHECK-NEXT:    %23 = inttoptr i64 %22 to ptr
// CHECK-NEXT:    %24 = load i32, ptr %10, align 4
// CHECK-NEXT:    %25 = getelementptr i8, ptr %23, i64 24
// CHECK-NEXT:    %26 = load volatile i32, ptr %25, align 4
// CHECK-NEXT:    %27 = icmp ne i32 %26, %24
// CHECK-NEXT:    br i1 %27, label %b8, label %b4
// CHECK-NEXT:  b4:
// CHECK-NEXT:    %28 = getelementptr i8, ptr %23, i64 16
// CHECK-NEXT:    %29 = load ptr, ptr %28, align 8
// CHECK-NEXT:    %30 = getelementptr i8, ptr %23, i64 32
// CHECK-NEXT:    %31 = load ptr, ptr %30, align 8
// CHECK-NEXT:    %32 = notail call i32 %29(ptr %31, ptr %0, i32 %2) nomerge
// CHECK-NEXT:    ret i32 %32
// CHECK-NEXT:  b5:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 0) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  b6:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 3) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  b7:
// CHECK-NEXT:    %33 = getelementptr i8, ptr %0, i64 56
// CHECK-NEXT:    %34 = load ptr, ptr %33, align 8
// CHECK-NEXT:    %35 = getelementptr i8, ptr %34, i64 72
// CHECK-NEXT:    %36 = load ptr, ptr %35, align 8
// CHECK-NEXT:    %37 = notail call ptr %36(ptr %0, i32 0, i32 %2) nomerge
// CHECK-NEXT:    %38 = ptrtoint ptr %37 to i64
// CHECK-NEXT:    br label %b3
// CHECK-NEXT:  b8:
// CHECK-NEXT:    fence syncscope("singlethread") seq_cst
// CHECK-NEXT:    call void @llvm.ubsantrap(i8 5) nomerge
// CHECK-NEXT:    unreachable
// CHECK-NEXT:  }
wasmir.func index 3 slot 2 @indirect(%x: i32) -> i32 {
  %0 = wasmir.call_indirect @table[%x : i32] @type(%x) : (i32) -> i32
  wasmir.return %0 : i32
}
