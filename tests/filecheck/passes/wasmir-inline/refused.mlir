// RUN: wasm-opt-py %s -p wasmir-inline --no-print-debuginfo | filecheck %s
// RUN: not wasm-opt-py %s -p 'wasmir-inline{noinline=nothing}' 2>&1 | filecheck %s --check-prefix UNKNOWN

// Backtraces need byte offsets. A function may say that it is not to be inlined.

// UNKNOWN: noinline names @nothing, which is not a function here

// CHECK-LABEL: @caller(
// CHECK-NEXT:    wasmir.call @nowhere
// CHECK-NEXT:    wasmir.call @noinline
// CHECK-NEXT:    wasmir.return
wasmir.func @nowhere() {
  wasmir.return
}
wasmir.func @noinline() attributes {noinline} {
  wasmir.return loc("m.wat":0:21)
} loc("m.wat":0:20)
wasmir.func @known() {
  wasmir.return loc("m.wat":0:31)
} loc("m.wat":0:30)
wasmir.func @caller() {
  wasmir.call @nowhere() : () -> () loc("m.wat":0:41)
  wasmir.call @noinline() : () -> () loc("m.wat":0:43)
  wasmir.call @known() : () -> () loc("m.wat":0:45)
  wasmir.return loc("m.wat":0:47)
} loc("m.wat":0:40)
wasmir.export "f" @caller
