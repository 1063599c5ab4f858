// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Linear memory as addresses of the host, and the checks before it is touched.

// CHECK-LABEL: @linear(
// CHECK-NEXT:    %0 = wasmvm.linear_load %base[%a : i32 + 0] bytes 4 align 1 : f32
// CHECK-NEXT:    %1 = wasmvm.linear_load volatile may_fault signed %base[%a : i32 + 16] bytes 2 align 1 : i64
// CHECK-NEXT:    %2 = wasmvm.linear_load signed %base[%b : i64 + -1] bytes 1 align 1 {note} : i32
// CHECK-NEXT:    wasmvm.linear_store %base[%a : i32 + 0], %v bytes 1 align 1 : i32
// CHECK-NEXT:    wasmvm.linear_store may_fault %base[%b : i64 + 8], %v bytes 4 align 1 {note} : i32
// CHECK-NEXT:    wasmvm.linear_store volatile %base[%a : i32 + 0], %v bytes 4 align 1 : i32
// CHECK-NEXT:    %3 = wasmvm.linear_address %base[%b : i64]
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 4 within %b
// CHECK-NEXT:    wasmvm.range_check %b, %b within %b else 1
// CHECK-NEXT:    wasmvm.range_check nuw %b, %b within %b else 1
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "linear"
// GENERIC-NEXT:  ^bb0(%base: !llvm.ptr, %a: i32, %b: i64, %v: i32):
// GENERIC-NEXT:    %0 = "wasmvm.linear_load"(%base, %a) <{offset = 0 : i64, bytes = 4 : i64, align = 1 : i64}> : (!llvm.ptr, i32) -> f32
// GENERIC-NEXT:    %1 = "wasmvm.linear_load"(%base, %a) <{volatile, may_fault, signed, offset = 16 : i64, bytes = 2 : i64, align = 1 : i64}> : (!llvm.ptr, i32) -> i64
// GENERIC-NEXT:    %2 = "wasmvm.linear_load"(%base, %b) <{signed, offset = -1 : i64, bytes = 1 : i64, align = 1 : i64}> {note} : (!llvm.ptr, i64) -> i32
// GENERIC-NEXT:    "wasmvm.linear_store"(%base, %a, %v) <{offset = 0 : i64, bytes = 1 : i64, align = 1 : i64}> : (!llvm.ptr, i32, i32) -> ()
// GENERIC-NEXT:    "wasmvm.linear_store"(%base, %b, %v) <{may_fault, offset = 8 : i64, bytes = 4 : i64, align = 1 : i64}> {note} : (!llvm.ptr, i64, i32) -> ()
// GENERIC-NEXT:    "wasmvm.linear_store"(%base, %a, %v) <{volatile, offset = 0 : i64, bytes = 4 : i64, align = 1 : i64}> : (!llvm.ptr, i32, i32) -> ()
// GENERIC-NEXT:    %3 = "wasmvm.linear_address"(%base, %b) : (!llvm.ptr, i64) -> !llvm.ptr
// GENERIC-NEXT:    "wasmvm.bounds_check"(%a, %b) <{size = 4 : i64}> : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmvm.range_check"(%b, %b, %b) <{code = 1 : i64}> : (i64, i64, i64) -> ()
// GENERIC-NEXT:    "wasmvm.range_check"(%b, %b, %b) <{nuw, code = 1 : i64}> : (i64, i64, i64) -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmvm.func wasm @linear(%base: !llvm.ptr, %a: i32, %b: i64, %v: i32) {
  %0 = wasmvm.linear_load %base[%a : i32 + 0] bytes 4 align 1 : f32
  %1 = wasmvm.linear_load volatile may_fault signed %base[%a : i32 + 16] bytes 2 align 1 : i64
  %2 = wasmvm.linear_load signed %base[%b : i64 + -1] bytes 1 align 1 {note} : i32
  wasmvm.linear_store %base[%a : i32 + 0], %v bytes 1 align 1 : i32
  wasmvm.linear_store may_fault %base[%b : i64 + 8], %v bytes 4 align 1 {note} : i32
  wasmvm.linear_store volatile %base[%a : i32 + 0], %v bytes 4 align 1 : i32
  %3 = wasmvm.linear_address %base[%b : i64]
  wasmvm.bounds_check %a : i32, 4 within %b
  wasmvm.range_check %b, %b within %b else 1
  wasmvm.range_check nuw %b, %b within %b else 1
  wasmir.return
}

// CHECK-LABEL: @traps(
// CHECK-NEXT:    wasmvm.trap_if %c, 7
// CHECK-NEXT:    wasmvm.trap 255
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "traps"
// GENERIC-NEXT:  ^bb0(%c: i32):
// GENERIC-NEXT:    "wasmvm.trap_if"(%c) <{code = 7 : i64}> : (i32) -> ()
// GENERIC-NEXT:    "wasmvm.trap"() <{code = 255 : i64}> : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmvm.func wasm @traps(%c: i32) {
  wasmvm.trap_if %c, 7
  wasmvm.trap 255
}
