// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// References.

wasmir.type @binary (i32, i64) -> i64 index 0
wasmir.func index 0 slot 0 func_ref 0 @callee()

// CHECK-LABEL: @references(
// CHECK-NEXT:    %none = wasmir.ref.null : !wasmir.ref<null extern>
// CHECK-NEXT:    %no_function = wasmir.ref.null {note} : !wasmir.ref<null @binary>
// CHECK-NEXT:    %is_null = wasmir.ref.is_null %none : !wasmir.ref<null extern>
// CHECK-NEXT:    %never = wasmir.ref.is_null %typed : !wasmir.ref<@binary>
// CHECK-NEXT:    %function = wasmir.ref.func @callee : !wasmir.ref<null func>
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "references"
// GENERIC-NEXT:  ^bb0(%typed: !wasmir.ref<@binary>):
// GENERIC-NEXT:    %none = "wasmir.ref.null"() : () -> !wasmir.ref<null extern>
// GENERIC-NEXT:    %no_function = "wasmir.ref.null"() {note} : () -> !wasmir.ref<null @binary>
// GENERIC-NEXT:    %is_null = "wasmir.ref.is_null"(%none) : (!wasmir.ref<null extern>) -> i32
// GENERIC-NEXT:    %never = "wasmir.ref.is_null"(%typed) : (!wasmir.ref<@binary>) -> i32
// GENERIC-NEXT:    %function = "wasmir.ref.func"() <{function = @callee}> : () -> !wasmir.ref<null func>
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @references(%typed: !wasmir.ref<@binary>) {
  %none = wasmir.ref.null : !wasmir.ref<null extern>
  %no_function = wasmir.ref.null {note} : !wasmir.ref<null @binary>
  %is_null = wasmir.ref.is_null %none : !wasmir.ref<null extern>
  %never = wasmir.ref.is_null %typed : !wasmir.ref<@binary>
  %function = wasmir.ref.func @callee : !wasmir.ref<null func>
  wasmir.return
}

// CHECK-LABEL: @typed(
// CHECK-NEXT:    %ref = wasmir.ref.as_non_null %maybe : !wasmir.ref<null @binary> -> !wasmir.ref<@binary>
// CHECK-NEXT:    %same = wasmir.ref.as_non_null %maybe known {note} : !wasmir.ref<null @binary> -> !wasmir.ref<@binary>
// CHECK-NEXT:    %r = wasmir.call_ref %ref : !wasmir.ref<@binary> @binary(%p, %q) {note} : (i32, i64) -> i64
// CHECK-NEXT:    wasmir.return %r : i64
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @typed(%p: i32, %q: i64, %maybe: !wasmir.ref<null @binary>) -> i64 {
  %ref = wasmir.ref.as_non_null %maybe : !wasmir.ref<null @binary> -> !wasmir.ref<@binary>
  %same = wasmir.ref.as_non_null %maybe known {note} : !wasmir.ref<null @binary> -> !wasmir.ref<@binary>
  %r = wasmir.call_ref %ref : !wasmir.ref<@binary> @binary(%p, %q) {note} : (i32, i64) -> i64
  wasmir.return %r : i64
}
