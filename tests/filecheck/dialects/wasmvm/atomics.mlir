// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Atomic accesses as addresses of the host, and fields that other threads change.

// CHECK-LABEL: @accesses(
// CHECK-NEXT:    %0 = wasmvm.linear_load atomic volatile may_fault %base[%a : i32 + 16] bytes 2 align 2 : i64
// CHECK-NEXT:    wasmvm.linear_store atomic volatile %base[%b : i64 + 8], %v bytes 4 align 4 : i32
// CHECK-NEXT:    %1 = wasmvm.atomic_rmw "add" may_fault %base[%a : i32 + 0], %v bytes 1 : i32
// CHECK-NEXT:    %2 = wasmvm.atomic_rmw "xchg" %base[%b : i64 + -8], %b bytes 8 {note} : i64
// CHECK-NEXT:    %3 = wasmvm.atomic_cmpxchg may_fault %base[%a : i32 + 4], %v, %1 bytes 4 : i32
// CHECK-NEXT:    %4 = wasmvm.atomic_cmpxchg %base[%a : i32 + 4], %b, %2 bytes 2 {note} : i64
// CHECK-NEXT:    wasmvm.fence
// CHECK-NEXT:    wasmvm.fence {note}
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "accesses"
// GENERIC-NEXT:  ^bb0(%base: !llvm.ptr, %a: i32, %b: i64, %v: i32):
// GENERIC-NEXT:    %0 = "wasmvm.linear_load"(%base, %a) <{atomic, volatile, may_fault, offset = 16 : i64, bytes = 2 : i64, align = 2 : i64}> : (!llvm.ptr, i32) -> i64
// GENERIC-NEXT:    "wasmvm.linear_store"(%base, %b, %v) <{atomic, volatile, offset = 8 : i64, bytes = 4 : i64, align = 4 : i64}> : (!llvm.ptr, i64, i32) -> ()
// GENERIC-NEXT:    %1 = "wasmvm.atomic_rmw"(%base, %a, %v) <{operation = "add", may_fault, offset = 0 : i64, bytes = 1 : i64}> : (!llvm.ptr, i32, i32) -> i32
// GENERIC-NEXT:    %2 = "wasmvm.atomic_rmw"(%base, %b, %b) <{operation = "xchg", offset = -8 : i64, bytes = 8 : i64}> {note} : (!llvm.ptr, i64, i64) -> i64
// GENERIC-NEXT:    %3 = "wasmvm.atomic_cmpxchg"(%base, %a, %v, %1) <{may_fault, offset = 4 : i64, bytes = 4 : i64}> : (!llvm.ptr, i32, i32, i32) -> i32
// GENERIC-NEXT:    %4 = "wasmvm.atomic_cmpxchg"(%base, %a, %b, %2) <{offset = 4 : i64, bytes = 2 : i64}> {note} : (!llvm.ptr, i32, i64, i64) -> i64
// GENERIC-NEXT:    "wasmvm.fence"() : () -> ()
// GENERIC-NEXT:    "wasmvm.fence"() {note} : () -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmvm.func wasm @accesses(%base: !llvm.ptr, %a: i32, %b: i64, %v: i32) {
  %0 = wasmvm.linear_load atomic volatile may_fault %base[%a : i32 + 16] bytes 2 align 2 : i64
  wasmvm.linear_store atomic volatile %base[%b : i64 + 8], %v bytes 4 align 4 : i32
  %1 = wasmvm.atomic_rmw "add" may_fault %base[%a : i32 + 0], %v bytes 1 : i32
  %2 = wasmvm.atomic_rmw "xchg" %base[%b : i64 + -8], %b bytes 8 {note} : i64
  %3 = wasmvm.atomic_cmpxchg may_fault %base[%a : i32 + 4], %v, %1 bytes 4 : i32
  %4 = wasmvm.atomic_cmpxchg %base[%a : i32 + 4], %b, %2 bytes 2 {note} : i64
  wasmvm.fence
  wasmvm.fence {note}
  wasmir.return
}

// CHECK-LABEL: @fields(
// CHECK-NEXT:    %0 = wasmvm.load_field unordered %definition, memory.current_length : i64
// CHECK-NEXT:    %1 = wasmvm.load_field seq_cst %definition, memory.current_length : i64
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "fields"
// GENERIC-NEXT:  ^bb0(%definition: !llvm.ptr):
// GENERIC-NEXT:    %0 = "wasmvm.load_field"(%definition) <{unordered, struct = "memory", field = "current_length"}> : (!llvm.ptr) -> i64
// GENERIC-NEXT:    %1 = "wasmvm.load_field"(%definition) <{seq_cst, struct = "memory", field = "current_length"}> : (!llvm.ptr) -> i64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmvm.func wasm @fields(%definition: !llvm.ptr) {
  %0 = wasmvm.load_field unordered %definition, memory.current_length : i64
  %1 = wasmvm.load_field seq_cst %definition, memory.current_length : i64
  wasmir.return
}
