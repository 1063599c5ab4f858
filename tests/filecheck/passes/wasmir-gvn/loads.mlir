// RUN: wasm-opt-py %s -p wasmir-gvn | filecheck %s
// BLESS

// A load is redundant until memory may have been written; writes of globals do not matter to it.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.global @global mut i32 index 0 slot 0

// CHECK-LABEL: @loads(
// CHECK-NEXT:    %0 = wasmir.i32.load @memory[%a]
// CHECK-NEXT:    wasmir.global.set @global, %0 : i32
// CHECK-NEXT:    wasmir.i32.store8 @memory[%a + 100], %a
// CHECK-NEXT:    %1 = wasmir.i32.load @memory[%a]
// CHECK-NEXT:    wasmir.call @nothing() : () -> ()
// CHECK-NEXT:    %2 = wasmir.i32.load @memory[%a]
// CHECK-NEXT:    wasmir.return %0, %0, %1, %2 : i32, i32, i32, i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @loads(%a: i32) -> (i32, i32, i32, i32) {
  %0 = wasmir.i32.load @memory[%a]
  wasmir.global.set @global, %0 : i32
  %1 = wasmir.i32.load @memory[%a]
  wasmir.i32.store8 @memory[%a + 100], %a
  %2 = wasmir.i32.load @memory[%a]
  wasmir.call @nothing() : () -> ()
  %3 = wasmir.i32.load @memory[%a]
  wasmir.return %0, %1, %2, %3 : i32, i32, i32, i32
}

// Width, sign and offset are part of what is loaded.
// CHECK-LABEL: @different(
// CHECK-NEXT:    %0 = wasmir.i32.load8_s @memory[%a]
// CHECK-NEXT:    %1 = wasmir.i32.load8_u @memory[%a]
// CHECK-NEXT:    %2 = wasmir.i32.load8_u @memory[%a + 1]
// CHECK-NEXT:    wasmir.return %0, %1, %2 : i32, i32, i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @different(%a: i32) -> (i32, i32, i32) {
  %0 = wasmir.i32.load8_s @memory[%a]
  %1 = wasmir.i32.load8_u @memory[%a]
  %2 = wasmir.i32.load8_u @memory[%a + 1]
  wasmir.return %0, %1, %2 : i32, i32, i32
}

wasmir.func index 2 slot 2 @nothing()
