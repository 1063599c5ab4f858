// RUN: wasm-opt-py %s -p wasmir-gvn | filecheck %s
// BLESS

// The same operator on another symbol, or a constant of another type, is something else.

wasmir.global @a i32 import "" "a" index 0 slot 0
wasmir.global @b i32 import "" "b" index 1 slot 1

// CHECK-LABEL: @properties(
// CHECK-NEXT:    %0 = wasmir.global.get @a : i32
// CHECK-NEXT:    %1 = wasmir.global.get @b : i32
// CHECK-NEXT:    %2 = wasmir.i32.const 0
// CHECK-NEXT:    %3 = wasmir.i64.const 0
// CHECK-NEXT:    %4 = wasmir.i64.eqz %y
// CHECK-NEXT:    wasmir.return %0, %1, %2, %3, %4 : i32, i32, i32, i64, i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @properties(%x: i32, %y: i64) -> (i32, i32, i32, i64, i32) {
  %0 = wasmir.global.get @a : i32
  %1 = wasmir.global.get @b : i32
  %2 = wasmir.i32.const 0
  %3 = wasmir.i64.const 0
  %4 = wasmir.i64.eqz %y
  wasmir.return %0, %1, %2, %3, %4 : i32, i32, i32, i64, i32
}
