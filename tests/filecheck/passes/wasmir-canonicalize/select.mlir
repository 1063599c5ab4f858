// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce | filecheck %s
// BLESS

// CHECK-LABEL: @selects(
// CHECK-NEXT:    %kept = wasmir.select %c, %x, %y : i64
// CHECK-NEXT:    wasmir.return %x, %x, %y, %kept : i64, i64, i64, i64
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @selects(%c: i32, %x: i64, %y: i64) -> (i64, i64, i64, i64) {
  %zero = wasmir.i32.const 0
  %five = wasmir.i32.const 5
  %same = wasmir.select %c, %x, %x : i64
  %first = wasmir.select %five, %x, %y : i64
  %second = wasmir.select %zero, %x, %y : i64
  %kept = wasmir.select %c, %x, %y : i64
  wasmir.return %same, %first, %second, %kept : i64, i64, i64, i64
}
