// RUN: wasm-opt-py %s -p wasmir-gvn | filecheck %s
// BLESS

// A call may write everything, and is never the same as another one.

wasmir.global @global mut i32 index 0 slot 0
wasmir.func index 0 slot 0 @callee() -> i32

// CHECK-LABEL: @calls(
// CHECK-NEXT:    %before = wasmir.global.get @global : i32
// CHECK-NEXT:    %0 = wasmir.call @callee() : () -> i32
// CHECK-NEXT:    %1 = wasmir.call @callee() : () -> i32
// CHECK-NEXT:    %after = wasmir.global.get @global : i32
// CHECK-NEXT:    %difference = wasmir.i32.sub %after, %before
// CHECK-NEXT:    %sum = wasmir.i32.add %0, %1
// CHECK-NEXT:    wasmir.return %difference, %sum : i32, i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @calls() -> (i32, i32) {
  %before = wasmir.global.get @global : i32
  %0 = wasmir.call @callee() : () -> i32
  %1 = wasmir.call @callee() : () -> i32
  %after = wasmir.global.get @global : i32
  %difference = wasmir.i32.sub %after, %before
  %sum = wasmir.i32.add %0, %1
  wasmir.return %difference, %sum : i32, i32
}
