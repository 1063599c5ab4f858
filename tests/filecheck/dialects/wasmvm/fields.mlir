// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Fields of the VMContext and what hangs on it, by name; a base that is not a pointer shows its type.

// CHECK-LABEL: @fields(
// CHECK-NEXT:    %vmctx = wasmvm.vmctx
// CHECK-NEXT:    %caller = wasmvm.caller_vmctx {note}
// CHECK-NEXT:    %limits = wasmvm.load_field invariant %vmctx, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %limit = wasmvm.load_field volatile %limits, limits.stack_limit {note} : i64
// CHECK-NEXT:    %base = wasmvm.load_field %vmctx, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %code = wasmvm.load_field %f : !wasmir.ref<null func>, func_ref.wasm_call : !llvm.ptr
// CHECK-NEXT:    %type = wasmvm.load_field volatile %f : !wasmir.ref<null func>, func_ref.type_index else 4 {note} : i32
// CHECK-NEXT:    %vector = wasmvm.load_field %vmctx, globals.value[2] : f64
// CHECK-NEXT:    %own = wasmvm.load_field invariant volatile %vmctx, extra.mine : i32
// CHECK-NEXT:    wasmvm.store_field volatile %vmctx, globals.value[1], %vector {note} : f64
// CHECK-NEXT:    wasmvm.store_field %limits, limits.pending_error, %limit : i64
// CHECK-NEXT:    wasmvm.store_field %f : !wasmir.ref<null func>, func_ref.wasm_call, %code : !llvm.ptr
// CHECK-NEXT:    %entry = wasmvm.entry_address %vmctx, "func_refs"[3] : !wasmir.ref<null func>
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "fields"
// GENERIC-NEXT:  ^bb0(%f: !wasmir.ref<null func>):
// GENERIC-NEXT:    %vmctx = "wasmvm.vmctx"() : () -> !llvm.ptr
// GENERIC-NEXT:    %caller = "wasmvm.caller_vmctx"() {note} : () -> !llvm.ptr
// GENERIC-NEXT:    %limits = "wasmvm.load_field"(%vmctx) <{invariant, struct = "vmctx", field = "limits"}> : (!llvm.ptr) -> !llvm.ptr
// GENERIC-NEXT:    %limit = "wasmvm.load_field"(%limits) <{volatile, struct = "limits", field = "stack_limit"}> {note} : (!llvm.ptr) -> i64
// GENERIC-NEXT:    %base = "wasmvm.load_field"(%vmctx) <{entry = 0 : i64, struct = "owned_memories", field = "base"}> : (!llvm.ptr) -> !llvm.ptr
// GENERIC-NEXT:    %code = "wasmvm.load_field"(%f) <{struct = "func_ref", field = "wasm_call"}> : (!wasmir.ref<null func>) -> !llvm.ptr
// GENERIC-NEXT:    %type = "wasmvm.load_field"(%f) <{volatile, struct = "func_ref", field = "type_index", null_trap = 4 : i64}> {note} : (!wasmir.ref<null func>) -> i32
// GENERIC-NEXT:    %vector = "wasmvm.load_field"(%vmctx) <{entry = 2 : i64, struct = "globals", field = "value"}> : (!llvm.ptr) -> f64
// GENERIC-NEXT:    %own = "wasmvm.load_field"(%vmctx) <{invariant, volatile, struct = "extra", field = "mine"}> : (!llvm.ptr) -> i32
// GENERIC-NEXT:    "wasmvm.store_field"(%vmctx, %vector) <{volatile, entry = 1 : i64, struct = "globals", field = "value"}> {note} : (!llvm.ptr, f64) -> ()
// GENERIC-NEXT:    "wasmvm.store_field"(%limits, %limit) <{struct = "limits", field = "pending_error"}> : (!llvm.ptr, i64) -> ()
// GENERIC-NEXT:    "wasmvm.store_field"(%f, %code) <{struct = "func_ref", field = "wasm_call"}> : (!wasmir.ref<null func>, !llvm.ptr) -> ()
// GENERIC-NEXT:    %entry = "wasmvm.entry_address"(%vmctx) <{region = "func_refs", entry = 3 : i64}> : (!llvm.ptr) -> !wasmir.ref<null func>
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @fields(%f: !wasmir.ref<null func>) {
  %vmctx = wasmvm.vmctx
  %caller = wasmvm.caller_vmctx {note}
  %limits = wasmvm.load_field invariant %vmctx, vmctx.limits : !llvm.ptr
  %limit = wasmvm.load_field volatile %limits, limits.stack_limit {note} : i64
  %base = wasmvm.load_field %vmctx, owned_memories.base[0] : !llvm.ptr
  %code = wasmvm.load_field %f : !wasmir.ref<null func>, func_ref.wasm_call : !llvm.ptr
  %type = wasmvm.load_field volatile %f : !wasmir.ref<null func>, func_ref.type_index else 4 {note} : i32
  %vector = wasmvm.load_field %vmctx, globals.value[2] : f64
  %own = wasmvm.load_field invariant volatile %vmctx, extra.mine : i32
  wasmvm.store_field volatile %vmctx, globals.value[1], %vector {note} : f64
  wasmvm.store_field %limits, limits.pending_error, %limit : i64
  wasmvm.store_field %f : !wasmir.ref<null func>, func_ref.wasm_call, %code : !llvm.ptr
  %entry = wasmvm.entry_address %vmctx, "func_refs"[3] : !wasmir.ref<null func>
  wasmir.return
}
