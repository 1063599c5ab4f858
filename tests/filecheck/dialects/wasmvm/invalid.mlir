// RUN: WASM_INVALID

// CHECK: no structure 'nothing' in the layout table
wasmvm.func wasm @structure(%p: !llvm.ptr) {
  %0 = wasmvm.load_field %p, nothing.field : i32
  wasmir.return
}
// -----
// CHECK: limits has no field 'fuel'
wasmvm.func wasm @field(%p: !llvm.ptr) {
  %0 = wasmvm.load_field %p, limits.fuel : i64
  wasmir.return
}
// -----
// CHECK: a region takes an entry number, a structure takes none
wasmvm.func wasm @entry_missing(%p: !llvm.ptr) {
  %0 = wasmvm.load_field %p, tables.base : !llvm.ptr
  wasmir.return
}
// -----
// CHECK: a region takes an entry number, a structure takes none
wasmvm.func wasm @entry_given(%p: !llvm.ptr) {
  %0 = wasmvm.load_field %p, limits.stack_limit[0] : i64
  wasmir.return
}
// -----
// CHECK: field limits.stack_limit has type i64
wasmvm.func wasm @loaded_type(%p: !llvm.ptr) {
  %0 = wasmvm.load_field %p, limits.stack_limit : i32
  wasmir.return
}
// -----
// CHECK: field func_refs.vmctx has type !llvm.ptr
wasmvm.func wasm @stored_type(%p: !llvm.ptr, %v: i64) {
  wasmvm.store_field %p, func_refs.vmctx[0], %v : i64
  wasmir.return
}
// -----
// CHECK: a load that traps if its base is null is volatile
wasmvm.func wasm @null_trap(%p: !llvm.ptr) {
  %0 = wasmvm.load_field %p, func_ref.type_index else 4 : i32
  wasmir.return
}
// -----
// CHECK: a trap code is one byte
wasmvm.func wasm @null_code(%p: !llvm.ptr) {
  %0 = wasmvm.load_field volatile %p, func_ref.type_index else 256 : i32
  wasmir.return
}
// -----
// CHECK: no region 'limits' in the layout table
wasmvm.func wasm @region(%p: !llvm.ptr) {
  %0 = wasmvm.entry_address %p, "limits"[0] : !llvm.ptr
  wasmir.return
}
// -----
// CHECK: a trap code is one byte
wasmvm.func wasm @code(%c: i32) {
  wasmvm.trap_if %c, 256
  wasmir.return
}
// -----
// CHECK: a trap code is one byte
wasmvm.func wasm @negative_code() {
  wasmvm.trap -1
}
// -----
// CHECK: unknown calling convention 'fast'
wasmvm.func wasm @pointer_convention(%p: !llvm.ptr) {
  wasmvm.call_pointer "fast" %p[%p, %p]() : () -> ()
  wasmir.return
}
// -----
// CHECK: unknown calling convention 'fast'
wasmvm.func fast @convention() {
  wasmir.return
}
// -----
// CHECK: builtin memory32_grow takes 2 arguments
wasmvm.func wasm @builtin(%p: !llvm.ptr) {
  %0 = wasmvm.call_builtin "memory32_grow"[%p]() : () -> i64
  wasmir.return
}
// -----
// CHECK: 'wasmvm.trap' must be the last operation in its parent block
wasmvm.func wasm @trap_ends_a_block() {
  wasmvm.trap 9
  wasmir.return
}
// -----
// CHECK: no access of 8 bytes has type i32
wasmvm.func wasm @stored_width(%p: !llvm.ptr, %x: i32) {
  wasmvm.linear_store %p[%x : i32 + 0], %x bytes 8 align 1 : i32
  wasmir.return
}
// -----
// CHECK: no access of 2 bytes has type f64
wasmvm.func wasm @loaded_width(%p: !llvm.ptr, %x: i32) {
  %0 = wasmvm.linear_load %p[%x : i32 + 0] bytes 2 align 1 : f64
  wasmir.return
}
// -----
// CHECK: no atomic access of 8 bytes has type i32
wasmvm.func wasm @atomic_width(%p: !llvm.ptr, %x: i32) {
  %0 = wasmvm.atomic_cmpxchg %p[%x : i32 + 0], %x, %x bytes 8 : i32
  wasmir.return
}
// -----
// CHECK: "nand" is not one of add, sub, and, or, xor, xchg
wasmvm.func wasm @atomic_operation(%p: !llvm.ptr, %x: i32) {
  %0 = wasmvm.atomic_rmw "nand" %p[%x : i32 + 0], %x bytes 4 : i32
  wasmir.return
}
// -----
// CHECK: an atomic access is volatile and aligned to its width
wasmvm.func wasm @atomic_alignment(%p: !llvm.ptr, %x: i32) {
  %0 = wasmvm.linear_load atomic volatile %p[%x : i32 + 0] bytes 4 align 2 : i32
  wasmir.return
}
// -----
// CHECK: 8 bytes are not a part of a value of type i32
wasmvm.func wasm @too_many_bytes(%i: i32) {
  %0 = wasmvm.load_bytes "map"[%i] bytes 8 : i32
  wasmir.return
}
// -----
// CHECK: 3 bytes are not a part of a value of type i64
wasmvm.func wasm @three_bytes(%i: i32, %v: i64) {
  wasmvm.store_bytes "map"[%i], %v bytes 3 : i64
  wasmir.return
}
