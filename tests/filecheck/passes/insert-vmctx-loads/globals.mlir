// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// A global that cannot change is its constant, or an invariant field if its value is not known here.

wasmir.func index 0 slot 0 func_ref 0 @f()
wasmir.global @constant i32 index 0 slot 0 {
  %0 = wasmir.i32.const 42
  wasmir.return %0 : i32
}
wasmir.global @computed !wasmir.ref<null func> index 1 slot 1 {
  %0 = wasmir.ref.func @f : !wasmir.ref<null func>
  wasmir.return %0 : !wasmir.ref<null func>
}
wasmir.global @imported i64 import "env" "global" index 2 slot 0
wasmir.global @variable mut f32 index 3 slot 2 {
  %0 = wasmir.f32.const "0"
  wasmir.return %0 : f32
}

// CHECK-LABEL: @globals(
// CHECK-NEXT:    %3 = wasmvm.vmctx
// CHECK-NEXT:    %4 = wasmvm.load_field invariant %3, imported_globals.from[0] : !llvm.ptr
// CHECK-NEXT:    %5 = wasmir.i32.const 42
// CHECK-NEXT:    %6 = wasmvm.load_field invariant %3, globals.value[1] : !wasmir.ref<null func>
// CHECK-NEXT:    %7 = wasmvm.load_field invariant %4, global.value : i64
// CHECK-NEXT:    %8 = wasmvm.load_field %3, globals.value[2] : f32
// CHECK-NEXT:    wasmvm.store_field volatile %3, globals.value[2], %8 : f32
// CHECK-NEXT:    wasmir.return %5, %6, %7 : i32, !wasmir.ref<null func>, i64
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @globals() -> (i32, !wasmir.ref<null func>, i64) {
  %0 = wasmir.global.get @constant : i32
  %1 = wasmir.global.get @computed : !wasmir.ref<null func>
  %2 = wasmir.global.get @imported : i64
  %3 = wasmir.global.get @variable : f32
  wasmir.global.set @variable, %3 : f32
  wasmir.return %0, %1, %2 : i32, !wasmir.ref<null func>, i64
}
