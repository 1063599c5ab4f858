// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// A 32-bit memory with guard pages: its base never moves, so it is loaded once at the entry, and what
// is out of bounds faults. Constant addresses inside the minimum size cannot fault.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// CHECK-LABEL: @accesses(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.linear_load volatile may_fault %1[%a : i32 + 8] bytes 8 align 1 : i64
// CHECK-NEXT:    wasmvm.linear_store volatile may_fault %1[%a : i32 + 0], %2 bytes 1 align 1 : i64
// CHECK-NEXT:    wasmir.br ^next
// CHECK-NEXT:  ^next:
// CHECK-NEXT:    %3 = wasmvm.linear_load volatile may_fault signed %1[%a : i32 + 0] bytes 2 align 1 : i64
// CHECK-NEXT:    wasmir.return %3 : i64
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @accesses(%a: i32) -> i64 {
  %0 = wasmir.i64.load @memory[%a + 8]
  wasmir.i64.store8 @memory[%a], %0
  wasmir.br ^next
^next:
  %1 = wasmir.i64.load16_s @memory[%a]
  wasmir.return %1 : i64
}

// CHECK-LABEL: @known(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %last = wasmir.i32.const 65532
// CHECK-NEXT:    %2 = wasmvm.linear_load %1[%last : i32 + 0] bytes 4 align 1 : i32
// CHECK-NEXT:    %3 = wasmvm.linear_load volatile may_fault %1[%last : i32 + 1] bytes 4 align 1 : i32
// CHECK-NEXT:    %4 = wasmvm.linear_load %1[%a : i32 + 0] bytes 4 align 1 : i32
// CHECK-NEXT:    wasmir.return %4 : i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @known(%a: i32) -> i32 {
  %last = wasmir.i32.const 65532
  %0 = wasmir.i32.load @memory[%last]
  %1 = wasmir.i32.load @memory[%last + 1]
  %2 = wasmir.i32.load @memory[%a] inbounds
  wasmir.return %2 : i32
}

// Stores are volatile even where they cannot fault: another access may, and then they can be seen.
// CHECK-LABEL: @known_stores(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %address = wasmir.i32.const 8
// CHECK-NEXT:    wasmvm.linear_store volatile %1[%address : i32 + 0], %a bytes 4 align 1 : i32
// CHECK-NEXT:    wasmvm.linear_store volatile may_fault %1[%a : i32 + 0], %a bytes 4 align 1 : i32
// CHECK-NEXT:    wasmvm.linear_store volatile %1[%a : i32 + 0], %a bytes 4 align 1 : i32
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @known_stores(%a: i32) {
  %address = wasmir.i32.const 8
  wasmir.i32.store @memory[%address], %a
  wasmir.i32.store @memory[%a], %a
  wasmir.i32.store @memory[%a], %a inbounds
  wasmir.return
}

// The offset alone passes the guard: this needs a comparison.
// CHECK-LABEL: @beyond_guard(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %0, owned_memories.current_length[0] : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 2147483649 within %2
// CHECK-NEXT:    %3 = wasmvm.linear_load %1[%a : i32 + 2147483648] bytes 1 align 1 : i32
// CHECK-NEXT:    wasmir.return %3 : i32
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @beyond_guard(%a: i32) -> i32 {
  %0 = wasmir.i32.load8_u @memory[%a + 2147483648]
  wasmir.return %0 : i32
}
