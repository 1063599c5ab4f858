// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Branches between blocks, each with or without arguments.

// CHECK-LABEL: @branches(
// CHECK-NEXT:    wasmir.br_if %c, ^then(%x : i64), ^else
// CHECK-NEXT:  ^then(%y: i64):
// CHECK-NEXT:    wasmir.br ^end(%y, %c : i64, i32)
// CHECK-NEXT:  ^else:
// CHECK-NEXT:    wasmir.br_if %c, ^then(%x : i64), ^last(%x, %c : i64, i32)
// CHECK-NEXT:  ^last(%z: i64, %d: i32):
// CHECK-NEXT:    wasmir.br ^end(%z, %d : i64, i32) {note}
// CHECK-NEXT:  ^end(%r: i64, %s: i32):
// CHECK-NEXT:    wasmir.return %r, %s : i64, i32
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "branches"
// GENERIC-NEXT:  ^bb0(%c: i32, %x: i64):
// GENERIC-NEXT:    "wasmir.br_if"(%c, %x) [^then, ^else] <{operandSegmentSizes = array<i32: 1, 1, 0>}> : (i32, i64) -> ()
// GENERIC-NEXT:  ^then(%y: i64):
// GENERIC-NEXT:    "wasmir.br"(%y, %c) [^end] : (i64, i32) -> ()
// GENERIC-NEXT:  ^else:
// GENERIC-NEXT:    "wasmir.br_if"(%c, %x, %x, %c) [^then, ^last] <{operandSegmentSizes = array<i32: 1, 1, 2>}> : (i32, i64, i64, i32) -> ()
// GENERIC-NEXT:  ^last(%z: i64, %d: i32):
// GENERIC-NEXT:    "wasmir.br"(%z, %d) [^end] {note} : (i64, i32) -> ()
// GENERIC-NEXT:  ^end(%r: i64, %s: i32):
// GENERIC-NEXT:    "wasmir.return"(%r, %s) : (i64, i32) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @branches(%c: i32, %x: i64) -> (i64, i32) {
  wasmir.br_if %c, ^then(%x : i64), ^else
^then(%y: i64):
  wasmir.br ^end(%y, %c : i64, i32)
^else:
  wasmir.br_if %c, ^then(%x : i64), ^last(%x, %c : i64, i32)
^last(%z: i64, %d: i32):
  wasmir.br ^end(%z, %d : i64, i32) {note}
^end(%r: i64, %s: i32):
  wasmir.return %r, %s : i64, i32
}

// CHECK-LABEL: @table(
// CHECK-NEXT:    wasmir.br_table %i, [^one(%x : i64), ^two, ^one(%x : i64)], ^two {note}
// CHECK-NEXT:  ^one(%y: i64):
// CHECK-NEXT:    wasmir.br_table %i, [], ^one(%y : i64)
// CHECK-NEXT:  ^two:
// CHECK-NEXT:    wasmir.unreachable
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "table"
// GENERIC-NEXT:  ^bb0(%i: i32, %x: i64):
// GENERIC-NEXT:    "wasmir.br_table"(%i, %x, %x) [^two, ^one, ^two, ^one] <{case_sizes = array<i32: 1, 0, 1>, operandSegmentSizes = array<i32: 1, 0, 2>}> {note} : (i32, i64, i64) -> ()
// GENERIC-NEXT:  ^one(%y: i64):
// GENERIC-NEXT:    "wasmir.br_table"(%i, %y) [^one] <{case_sizes = array<i32>, operandSegmentSizes = array<i32: 1, 1, 0>}> : (i32, i64) -> ()
// GENERIC-NEXT:  ^two:
// GENERIC-NEXT:    "wasmir.unreachable"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @table(%i: i32, %x: i64) {
  wasmir.br_table %i, [^one(%x : i64), ^two, ^one(%x : i64)], ^two {note}
^one(%y: i64):
  wasmir.br_table %i, [], ^one(%y : i64)
^two:
  wasmir.unreachable
}

// CHECK-LABEL: @selects(
// CHECK-NEXT:    %number = wasmir.select %c, %x, %x : f64
// CHECK-NEXT:    %reference = wasmir.select %c, %r, %r {note} : !wasmir.ref<null func>
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "selects"
// GENERIC-NEXT:  ^bb0(%c: i32, %x: f64, %r: !wasmir.ref<null func>):
// GENERIC-NEXT:    %number = "wasmir.select"(%c, %x, %x) : (i32, f64, f64) -> f64
// GENERIC-NEXT:    %reference = "wasmir.select"(%c, %r, %r) {note} : (i32, !wasmir.ref<null func>, !wasmir.ref<null func>) -> !wasmir.ref<null func>
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @selects(%c: i32, %x: f64, %r: !wasmir.ref<null func>) {
  %number = wasmir.select %c, %x, %x : f64
  %reference = wasmir.select %c, %r, %r {note} : !wasmir.ref<null func>
  wasmir.return
}
