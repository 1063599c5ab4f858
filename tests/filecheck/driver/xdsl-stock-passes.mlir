// RUN: xdsl-opt %s -p canonicalize,cse,dce | filecheck %s
// BLESS

// xDSL's stock passes see the effects: what may trap, reads or writes state stays where it is.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.global @global mut i32 index 0 slot 0

// CHECK-LABEL: @f(
// CHECK-NEXT:    %division = wasmir.i32.div_u %a, %b
// CHECK-NEXT:    %load = wasmir.i32.load @memory[%a]
// CHECK-NEXT:    %same = wasmir.i32.add %a, %b
// CHECK-NEXT:    %old = wasmir.global.get @global : i32
// CHECK-NEXT:    wasmir.global.set @global, %same : i32
// CHECK-NEXT:    %new = wasmir.global.get @global : i32
// CHECK-NEXT:    %sum = wasmir.i32.add %same, %new
// CHECK-NEXT:    %r = wasmir.i32.add %sum, %old
// CHECK-NEXT:    wasmir.return %r : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @f(%a: i32, %b: i32) -> i32 {
  %dead = wasmir.i32.clz %a
  %division = wasmir.i32.div_u %a, %b
  %load = wasmir.i32.load @memory[%a]
  %same = wasmir.i32.add %a, %b
  %again = wasmir.i32.add %a, %b
  %old = wasmir.global.get @global : i32
  wasmir.global.set @global, %same : i32
  %new = wasmir.global.get @global : i32
  %sum = wasmir.i32.add %again, %new
  %r = wasmir.i32.add %sum, %old
  wasmir.return %r : i32
}
