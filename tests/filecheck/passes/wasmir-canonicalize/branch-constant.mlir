// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce | filecheck %s
// BLESS

// A branch that can go one way only becomes a jump, and the other way goes.

// CHECK-LABEL: @decided(
// CHECK-NEXT:    wasmir.return %x : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @decided(%x: i32) -> i32 {
  %zero = wasmir.i32.const 0
  wasmir.br_if %zero, ^then, ^else
^then:
  wasmir.unreachable
^else:
  wasmir.return %x : i32
}

// CHECK-LABEL: @case_of_constant(
// CHECK-NEXT:    wasmir.return %y : i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @case_of_constant(%x: i32, %y: i32) -> i32 {
  %one = wasmir.i32.const 1
  wasmir.br_table %one, [^end(%x : i32), ^end(%y : i32)], ^default
^default:
  wasmir.unreachable
^end(%r: i32):
  wasmir.return %r : i32
}

// The index is unsigned: -1 is past every case.
// CHECK-LABEL: @default_of_constant(
// CHECK-NEXT:    wasmir.return %x : i32
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @default_of_constant(%x: i32) -> i32 {
  %last = wasmir.i32.const -1
  wasmir.br_table %last, [^case, ^case], ^default
^case:
  wasmir.unreachable
^default:
  wasmir.return %x : i32
}
