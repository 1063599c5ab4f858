// RUN: wasm-opt-py %s -p wasmir-dce | filecheck %s
// BLESS

// A counter that only counts itself goes, with what the edges pass for it; a used one stays.

// CHECK-LABEL: @counter(
// CHECK-NEXT:    %one = wasmir.i32.const 1
// CHECK-NEXT:    wasmir.br ^loop(%n : i32)
// CHECK-NEXT:  ^loop(%live: i32):
// CHECK-NEXT:    %live_next = wasmir.i32.sub %live, %one
// CHECK-NEXT:    wasmir.br_if %live_next, ^loop(%live_next : i32), ^end(%live : i32)
// CHECK-NEXT:  ^end(%r: i32):
// CHECK-NEXT:    wasmir.return %r : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @counter(%n: i32) -> i32 {
  %zero = wasmir.i32.const 0
  %one = wasmir.i32.const 1
  wasmir.br ^loop(%zero, %n : i32, i32)
^loop(%dead: i32, %live: i32):
  %dead_next = wasmir.i32.add %dead, %one
  %live_next = wasmir.i32.sub %live, %one
  wasmir.br_if %live_next, ^loop(%dead_next, %live_next : i32, i32), ^end(%dead, %live : i32, i32)
^end(%unused: i32, %r: i32):
  wasmir.return %r : i32
}

// The parameters of the function are not its own to remove.
// CHECK-LABEL: @parameters(
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @parameters(%unused: i32) {
  wasmir.return
}

// CHECK-LABEL: @table_edges(
// CHECK-NEXT:    wasmir.br_table %i, [^a(%i : i32), ^b], ^a(%i : i32)
// CHECK-NEXT:  ^a(%live: i32):
// CHECK-NEXT:    wasmir.br_table %live, [^a(%live : i32)], ^b
// CHECK-NEXT:  ^b:
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @table_edges(%i: i32, %x: i64) {
  wasmir.br_table %i, [^a(%x, %i : i64, i32), ^b(%x : i64)], ^a(%x, %i : i64, i32)
^a(%dead: i64, %live: i32):
  wasmir.br_table %live, [^a(%dead, %live : i64, i32)], ^b(%dead : i64)
^b(%unused: i64):
  wasmir.return
}
