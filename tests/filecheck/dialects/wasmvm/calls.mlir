// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Calls with both VMContexts, in the three conventions, and what trampolines save around them.

wasmir.func index 0 slot 0 @callee(i32) -> (i32, f64)

// CHECK-LABEL: wasmvm.func wasm @calls(
// CHECK-NEXT:    %vmctx = wasmvm.vmctx
// CHECK-NEXT:    %caller = wasmvm.caller_vmctx
// CHECK-NEXT:    %x, %y = wasmvm.call @callee[%vmctx, %caller] (%a) : (i32) -> (i32, f64)
// CHECK-NEXT:    %p = wasmvm.call_pointer "wasm" %code[%vmctx, %caller] (%a) : (i32) -> i32
// CHECK-NEXT:    wasmvm.call_pointer "native" %code[%vmctx, %caller] () {note} : () -> ()
// CHECK-NEXT:    %old = wasmvm.call_builtin "table_grow_externref"[%vmctx] (%a, %a, %code) : (i32, i32, !llvm.ptr) -> i32
// CHECK-NEXT:    wasmvm.call_builtin "declared_by_a_pass"[%vmctx] (%a) : (i32) -> ()
// CHECK-NEXT:    wasmir.return %x : i32
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "calls"
// GENERIC-NEXT:  ^bb0(%a: i32, %code: !llvm.ptr):
// GENERIC-NEXT:    %vmctx = "wasmvm.vmctx"() : () -> !llvm.ptr
// GENERIC-NEXT:    %caller = "wasmvm.caller_vmctx"() : () -> !llvm.ptr
// GENERIC-NEXT:    %x, %y = "wasmvm.call"(%vmctx, %caller, %a) <{callee = @callee}> : (!llvm.ptr, !llvm.ptr, i32) -> (i32, f64)
// GENERIC-NEXT:    %p = "wasmvm.call_pointer"(%code, %vmctx, %caller, %a) <{convention = "wasm"}> : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> i32
// GENERIC-NEXT:    "wasmvm.call_pointer"(%code, %vmctx, %caller) <{convention = "native"}> {note} : (!llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
// GENERIC-NEXT:    %old = "wasmvm.call_builtin"(%vmctx, %a, %a, %code) <{builtin = "table_grow_externref"}> : (!llvm.ptr, i32, i32, !llvm.ptr) -> i32
// GENERIC-NEXT:    "wasmvm.call_builtin"(%vmctx, %a) <{builtin = "declared_by_a_pass"}> : (!llvm.ptr, i32) -> ()
// GENERIC-NEXT:    "wasmir.return"(%x) : (i32) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmvm.func wasm @calls(%a: i32, %code: !llvm.ptr) -> i32 {
  %vmctx = wasmvm.vmctx
  %caller = wasmvm.caller_vmctx
  %x, %y = wasmvm.call @callee[%vmctx, %caller](%a) : (i32) -> (i32, f64)
  %p = wasmvm.call_pointer "wasm" %code[%vmctx, %caller](%a) : (i32) -> i32
  wasmvm.call_pointer "native" %code[%vmctx, %caller]() {note} : () -> ()
  %old = wasmvm.call_builtin "table_grow_externref"[%vmctx](%a, %a, %code) : (i32, i32, !llvm.ptr) -> i32
  wasmvm.call_builtin "declared_by_a_pass"[%vmctx](%a) : (i32) -> ()
  wasmir.return %x : i32
}

// CHECK-LABEL: wasmvm.func array @slots(
// CHECK-NEXT:    %0 = wasmvm.load_slot %slots[0] : f32
// CHECK-NEXT:    wasmvm.store_slot %slots[1], %0 : f32
// CHECK-NEXT:    %own = wasmvm.stack_slots 4
// CHECK-NEXT:    wasmvm.call_pointer "array" %slots[%slots, %slots] (%own, %count) : (!llvm.ptr, i64) -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "slots"
// GENERIC-NEXT:  ^bb0(%slots: !llvm.ptr, %count: i64):
// GENERIC-NEXT:    %0 = "wasmvm.load_slot"(%slots) <{slot = 0 : i64}> : (!llvm.ptr) -> f32
// GENERIC-NEXT:    "wasmvm.store_slot"(%slots, %0) <{slot = 1 : i64}> : (!llvm.ptr, f32) -> ()
// GENERIC-NEXT:    %own = "wasmvm.stack_slots"() <{count = 4 : i64}> : () -> !llvm.ptr
// GENERIC-NEXT:    "wasmvm.call_pointer"(%slots, %slots, %slots, %own, %count) <{convention = "array"}> : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64) -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) {note} : () -> ()
wasmvm.func array @slots(%slots: !llvm.ptr, %count: i64) attributes {note} {
  %0 = wasmvm.load_slot %slots[0] : f32
  wasmvm.store_slot %slots[1], %0 : f32
  %own = wasmvm.stack_slots 4
  wasmvm.call_pointer "array" %slots[%slots, %slots](%own, %count) : (!llvm.ptr, i64) -> ()
  wasmir.return
}

// CHECK-LABEL: wasmvm.func native @machine(
// CHECK-NEXT:    %vmctx = wasmvm.caller_vmctx
// CHECK-NEXT:    %sp = wasmvm.stack_pointer : !llvm.ptr
// CHECK-NEXT:    %fp = wasmvm.parent_frame_pointer : !llvm.ptr
// CHECK-NEXT:    %pc = wasmvm.return_address {note} : !llvm.ptr
// CHECK-NEXT:    wasmvm.stack_check %limit
// CHECK-NEXT:    wasmvm.check_pending %vmctx
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "machine"
// GENERIC-NEXT:  ^bb0(%limit: i64):
// GENERIC-NEXT:    %vmctx = "wasmvm.caller_vmctx"() : () -> !llvm.ptr
// GENERIC-NEXT:    %sp = "wasmvm.stack_pointer"() : () -> !llvm.ptr
// GENERIC-NEXT:    %fp = "wasmvm.parent_frame_pointer"() : () -> !llvm.ptr
// GENERIC-NEXT:    %pc = "wasmvm.return_address"() {note} : () -> !llvm.ptr
// GENERIC-NEXT:    "wasmvm.stack_check"(%limit) : (i64) -> ()
// GENERIC-NEXT:    "wasmvm.check_pending"(%vmctx) : (!llvm.ptr) -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmvm.func native @machine(%limit: i64) {
  %vmctx = wasmvm.caller_vmctx
  %sp = wasmvm.stack_pointer : !llvm.ptr
  %fp = wasmvm.parent_frame_pointer : !llvm.ptr
  %pc = wasmvm.return_address {note} : !llvm.ptr
  wasmvm.stack_check %limit
  wasmvm.check_pending %vmctx
  wasmir.return
}
