// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// A call in a try_table is marked, and tested by the operation after it.

wasmir.tag @e (i32, i64) -> () index 0 slot 0
wasmir.table @table !wasmir.ref<null func> i32 min 1 index 0 slot 0
wasmir.type @type () -> () index 0

// CHECK-LABEL: @throw(
// CHECK-NEXT:    %exception = wasmir.exception @e(%x, %y) {note} : (i32, i64) -> !wasmir.ref<exn>
// CHECK-NEXT:    wasmir.trace_throw %exception {note} : !wasmir.ref<exn>
// CHECK-NEXT:    wasmir.throw_ref %exception {note} : !wasmir.ref<exn>
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "throw"
// GENERIC-NEXT:  ^bb0(%x: i32, %y: i64):
// GENERIC-NEXT:    %exception = "wasmir.exception"(%x, %y) <{tag = @e}> {note} : (i32, i64) -> !wasmir.ref<exn>
// GENERIC-NEXT:    "wasmir.trace_throw"(%exception) {note} : (!wasmir.ref<exn>) -> ()
// GENERIC-NEXT:    "wasmir.throw_ref"(%exception) {note} : (!wasmir.ref<exn>) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @throw(%x: i32, %y: i64) {
  %exception = wasmir.exception @e(%x, %y) {note} : (i32, i64) -> !wasmir.ref<exn>
  wasmir.trace_throw %exception {note} : !wasmir.ref<exn>
  wasmir.throw_ref %exception {note} : !wasmir.ref<exn>
}

// CHECK-LABEL: @catch(
// CHECK-NEXT:    wasmir.call @throw(%x, %y) in_try {note} : (i32, i64) -> ()
// CHECK-NEXT:    %threw = wasmir.threw {note} : i32
// CHECK-NEXT:    wasmir.br_if %threw, ^handler, ^end
// CHECK-NEXT:  ^handler:
// CHECK-NEXT:    %exception = wasmir.caught {note} : !wasmir.ref<exn>
// CHECK-NEXT:    %is = wasmir.exception_is %exception @e {note} : !wasmir.ref<exn> -> i32
// CHECK-NEXT:    %first, %second = wasmir.exception_values %exception @e {note} : (!wasmir.ref<exn>) -> (i32, i64)
// CHECK-NEXT:    wasmir.return %second : i64
// CHECK-NEXT:  ^end:
// CHECK-NEXT:    wasmir.return %y : i64
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "catch"
// GENERIC-NEXT:  ^bb0(%x: i32, %y: i64):
// GENERIC-NEXT:    "wasmir.call"(%x, %y) <{callee = @throw, in_try}> {note} : (i32, i64) -> ()
// GENERIC-NEXT:    %threw = "wasmir.threw"() {note} : () -> i32
// GENERIC-NEXT:    "wasmir.br_if"(%threw) [^handler, ^end] <{operandSegmentSizes = array<i32: 1, 0, 0>}> : (i32) -> ()
// GENERIC-NEXT:  ^handler:
// GENERIC-NEXT:    %exception = "wasmir.caught"() {note} : () -> !wasmir.ref<exn>
// GENERIC-NEXT:    %is = "wasmir.exception_is"(%exception) <{tag = @e}> {note} : (!wasmir.ref<exn>) -> i32
// GENERIC-NEXT:    %first, %second = "wasmir.exception_values"(%exception) <{tag = @e}> {note} : (!wasmir.ref<exn>) -> (i32, i64)
// GENERIC-NEXT:    "wasmir.return"(%second) : (i64) -> ()
// GENERIC-NEXT:  ^end:
// GENERIC-NEXT:    "wasmir.return"(%y) : (i64) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @catch(%x: i32, %y: i64) -> i64 {
  wasmir.call @throw(%x, %y) in_try {note} : (i32, i64) -> ()
  %threw = wasmir.threw {note} : i32
  wasmir.br_if %threw, ^handler, ^end
^handler:
  %exception = wasmir.caught {note} : !wasmir.ref<exn>
  %is = wasmir.exception_is %exception @e {note} : !wasmir.ref<exn> -> i32
  %first, %second = wasmir.exception_values %exception @e {note} : (!wasmir.ref<exn>) -> (i32, i64)
  wasmir.return %second : i64
^end:
  wasmir.return %y : i64
}

// CHECK-LABEL: @others(
// CHECK-NEXT:    wasmir.call_indirect @table[%i : i32] @type() in_try : () -> ()
// CHECK-NEXT:    %0 = wasmir.threw : i32
// CHECK-NEXT:    wasmir.call_ref %reference : !wasmir.ref<null @type> @type() in_try : () -> ()
// CHECK-NEXT:    %1 = wasmir.threw : i32
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "others"
// GENERIC-NEXT:  ^bb0(%i: i32, %reference: !wasmir.ref<null @type>):
// GENERIC-NEXT:    "wasmir.call_indirect"(%i) <{table = @table, signature = @type, in_try}> : (i32) -> ()
// GENERIC-NEXT:    %0 = "wasmir.threw"() : () -> i32
// GENERIC-NEXT:    "wasmir.call_ref"(%reference) <{signature = @type, in_try}> : (!wasmir.ref<null @type>) -> ()
// GENERIC-NEXT:    %1 = "wasmir.threw"() : () -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @others(%i: i32, %reference: !wasmir.ref<null @type>) {
  wasmir.call_indirect @table[%i : i32] @type() in_try : () -> ()
  %0 = wasmir.threw : i32
  wasmir.call_ref %reference : !wasmir.ref<null @type> @type() in_try : () -> ()
  %1 = wasmir.threw : i32
  wasmir.return
}
