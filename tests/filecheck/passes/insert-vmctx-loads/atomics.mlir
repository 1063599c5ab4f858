// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// RUN: wasm-opt-py %s -p 'insert-vmctx-loads{bounds=explicit}' | filecheck %s --check-prefix EXPLICIT
// BLESS

// The alignment is checked before the bounds, unless the address is known to be aligned; but waits and
// notifications check first that address plus offset does not overflow. The definition of a shared memory
// is behind a pointer. Its length is read atomically, and again after what synchronises with other
// threads; all of its accesses are volatile.

wasmir.memory @shared i32 min 1 max 2 page 16 shared index 0 slot 0
wasmir.memory @own i32 min 1 page 16 index 1 slot 1

// CHECK-LABEL: @accesses(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, memories.definition[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field invariant %1, memory.base : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.load_field invariant %0, owned_memories.base[1] : !llvm.ptr
// CHECK-NEXT:    %4 = wasmvm.linear_load volatile may_fault %2[%a : i32 + 0] bytes 8 align 1 : i64
// CHECK-NEXT:    wasmvm.linear_store volatile may_fault %2[%a : i32 + 0], %x bytes 8 align 1 : i64
// CHECK-NEXT:    %5 = wasmir.i32.const 7
// CHECK-NEXT:    %6 = wasmir.i32.and %a, %5
// CHECK-NEXT:    wasmvm.trap_if %6, 2
// CHECK-NEXT:    %7 = wasmvm.atomic_rmw "add" may_fault %2[%a : i32 + 8], %x bytes 8 : i64
// CHECK-NEXT:    %8 = wasmir.i32.const 1
// CHECK-NEXT:    %9 = wasmir.i32.add %a, %8
// CHECK-NEXT:    %10 = wasmir.i32.const 1
// CHECK-NEXT:    %11 = wasmir.i32.and %9, %10
// CHECK-NEXT:    wasmvm.trap_if %11, 2
// CHECK-NEXT:    %12 = wasmvm.atomic_cmpxchg may_fault %2[%a : i32 + 3], %7, %x bytes 2 : i64
// CHECK-NEXT:    %13 = wasmvm.linear_load atomic volatile may_fault %2[%a : i32 + 3] bytes 1 align 1 : i64
// CHECK-NEXT:    %14 = wasmir.i32.const 7
// CHECK-NEXT:    %15 = wasmir.i32.and %a, %14
// CHECK-NEXT:    wasmvm.trap_if %15, 2
// CHECK-NEXT:    wasmvm.linear_store atomic volatile may_fault %3[%a : i32 + 8], %x bytes 8 align 8 : i64
// CHECK-NEXT:    wasmvm.fence
// CHECK-NEXT:    %16 = wasmvm.linear_load volatile may_fault %2[%a : i32 + 0] bytes 8 align 1 : i64
// CHECK-NEXT:    wasmir.return %16 : i64
// CHECK-NEXT:  }
// EXPLICIT-LABEL: @accesses(
// EXPLICIT-NEXT:    %0 = wasmvm.vmctx
// EXPLICIT-NEXT:    %1 = wasmvm.load_field invariant %0, memories.definition[0] : !llvm.ptr
// EXPLICIT-NEXT:    %2 = wasmvm.load_field invariant %1, memory.base : !llvm.ptr
// EXPLICIT-NEXT:    %3 = wasmvm.load_field unordered %1, memory.current_length : i64
// EXPLICIT-NEXT:    wasmvm.bounds_check %a : i32, 8 within %3
// EXPLICIT-NEXT:    %4 = wasmvm.linear_load volatile %2[%a : i32 + 0] bytes 8 align 1 : i64
// EXPLICIT-NEXT:    wasmvm.bounds_check %a : i32, 8 within %3
// EXPLICIT-NEXT:    wasmvm.linear_store volatile %2[%a : i32 + 0], %x bytes 8 align 1 : i64
// EXPLICIT-NEXT:    %5 = wasmir.i32.const 7
// EXPLICIT-NEXT:    %6 = wasmir.i32.and %a, %5
// EXPLICIT-NEXT:    wasmvm.trap_if %6, 2
// EXPLICIT-NEXT:    wasmvm.bounds_check %a : i32, 16 within %3
// EXPLICIT-NEXT:    %7 = wasmvm.atomic_rmw "add" %2[%a : i32 + 8], %x bytes 8 : i64
// EXPLICIT-NEXT:    %8 = wasmir.i32.const 1
// EXPLICIT-NEXT:    %9 = wasmir.i32.add %a, %8
// EXPLICIT-NEXT:    %10 = wasmir.i32.const 1
// EXPLICIT-NEXT:    %11 = wasmir.i32.and %9, %10
// EXPLICIT-NEXT:    wasmvm.trap_if %11, 2
// EXPLICIT-NEXT:    %12 = wasmvm.load_field unordered %1, memory.current_length : i64
// EXPLICIT-NEXT:    wasmvm.bounds_check %a : i32, 5 within %12
// EXPLICIT-NEXT:    %13 = wasmvm.atomic_cmpxchg %2[%a : i32 + 3], %7, %x bytes 2 : i64
// EXPLICIT-NEXT:    %14 = wasmvm.load_field unordered %1, memory.current_length : i64
// EXPLICIT-NEXT:    wasmvm.bounds_check %a : i32, 4 within %14
// EXPLICIT-NEXT:    %15 = wasmvm.linear_load atomic volatile %2[%a : i32 + 3] bytes 1 align 1 : i64
// EXPLICIT-NEXT:    %16 = wasmir.i32.const 7
// EXPLICIT-NEXT:    %17 = wasmir.i32.and %a, %16
// EXPLICIT-NEXT:    wasmvm.trap_if %17, 2
// EXPLICIT-NEXT:    %18 = wasmvm.load_field %0, owned_memories.current_length[1] : i64
// EXPLICIT-NEXT:    wasmvm.bounds_check %a : i32, 16 within %18
// EXPLICIT-NEXT:    %19 = wasmvm.load_field %0, owned_memories.base[1] : !llvm.ptr
// EXPLICIT-NEXT:    wasmvm.linear_store atomic volatile %19[%a : i32 + 8], %x bytes 8 align 8 : i64
// EXPLICIT-NEXT:    wasmvm.fence
// EXPLICIT-NEXT:    %20 = wasmvm.load_field unordered %1, memory.current_length : i64
// EXPLICIT-NEXT:    wasmvm.bounds_check %a : i32, 8 within %20
// EXPLICIT-NEXT:    %21 = wasmvm.linear_load volatile %2[%a : i32 + 0] bytes 8 align 1 : i64
// EXPLICIT-NEXT:    wasmir.return %21 : i64
// EXPLICIT-NEXT:  }
wasmir.func index 0 slot 0 @accesses(%a: i32, %x: i64) -> i64 {
  %0 = wasmir.i64.load @shared[%a]
  wasmir.i64.store @shared[%a], %x
  %1 = wasmir.i64.atomic.rmw.add @shared[%a + 8], %x
  %2 = wasmir.i64.atomic.rmw16.cmpxchg_u @shared[%a + 3], %1, %x
  %3 = wasmir.i64.atomic.load8_u @shared[%a + 3]
  wasmir.i64.atomic.store @own[%a + 8], %x
  wasmir.atomic.fence
  %4 = wasmir.i64.load @shared[%a]
  wasmir.return %4 : i64
}

// CHECK-LABEL: @constant_addresses(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, memories.definition[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field invariant %1, memory.base : !llvm.ptr
// CHECK-NEXT:    %3 = wasmir.i32.const 1
// CHECK-NEXT:    %4 = wasmvm.linear_load atomic volatile %2[%3 : i32 + 7] bytes 4 align 4 : i32
// CHECK-NEXT:    %5 = wasmir.i32.const 3
// CHECK-NEXT:    %6 = wasmir.i32.and %3, %5
// CHECK-NEXT:    wasmvm.trap_if %6, 2
// CHECK-NEXT:    %7 = wasmvm.linear_load atomic volatile %2[%3 : i32 + 8] bytes 4 align 4 : i32
// CHECK-NEXT:    wasmir.return %7 : i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @constant_addresses() -> i32 {
  %0 = wasmir.i32.const 1
  %1 = wasmir.i32.atomic.load @shared[%0 + 7]
  %2 = wasmir.i32.atomic.load @shared[%0 + 8]
  wasmir.return %2 : i32
}

// CHECK-LABEL: @size(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, memories.definition[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmir.i64.const 16
// CHECK-NEXT:    %3 = wasmvm.load_field seq_cst %1, memory.current_length : i64
// CHECK-NEXT:    %4 = wasmir.i64.shr_u %3, %2
// CHECK-NEXT:    %5 = wasmir.i32.wrap_i64 %4
// CHECK-NEXT:    wasmir.return %5 : i32
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @size() -> i32 {
  %0 = wasmir.memory.size @shared : i32
  wasmir.return %0 : i32
}

// CHECK-LABEL: @waiting(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, memories.definition[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmir.i64.const 4294967295
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 4 within %2
// CHECK-NEXT:    %3 = wasmir.i32.const 3
// CHECK-NEXT:    %4 = wasmir.i32.and %a, %3
// CHECK-NEXT:    wasmvm.trap_if %4, 2
// CHECK-NEXT:    %5 = wasmvm.load_field unordered %1, memory.current_length : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 8 within %5
// CHECK-NEXT:    %6 = wasmir.i64.extend_i32_u %a
// CHECK-NEXT:    %7 = wasmir.i64.const 4
// CHECK-NEXT:    %8 = wasmir.i64.add %6, %7
// CHECK-NEXT:    %9 = wasmir.i32.const 0
// CHECK-NEXT:    %10 = wasmvm.call_builtin "memory_atomic_wait32"[%0] (%9, %8, %x, %t) : (i32, i64, i32, i64) -> i32
// CHECK-NEXT:    %11 = wasmir.i32.const 7
// CHECK-NEXT:    %12 = wasmir.i32.and %a, %11
// CHECK-NEXT:    wasmvm.trap_if %12, 2
// CHECK-NEXT:    %13 = wasmvm.load_field unordered %1, memory.current_length : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 8 within %13
// CHECK-NEXT:    %14 = wasmir.i64.extend_i32_u %a
// CHECK-NEXT:    %15 = wasmir.i32.const 0
// CHECK-NEXT:    %16 = wasmvm.call_builtin "memory_atomic_wait64"[%0] (%15, %14, %t, %t) : (i32, i64, i64, i64) -> i32
// CHECK-NEXT:    %17 = wasmir.i64.const 4294967295
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 2 within %17
// CHECK-NEXT:    %18 = wasmir.i32.const 2
// CHECK-NEXT:    %19 = wasmir.i32.add %a, %18
// CHECK-NEXT:    %20 = wasmir.i32.const 3
// CHECK-NEXT:    %21 = wasmir.i32.and %19, %20
// CHECK-NEXT:    wasmvm.trap_if %21, 2
// CHECK-NEXT:    %22 = wasmvm.load_field unordered %1, memory.current_length : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 6 within %22
// CHECK-NEXT:    %23 = wasmir.i64.extend_i32_u %a
// CHECK-NEXT:    %24 = wasmir.i64.const 2
// CHECK-NEXT:    %25 = wasmir.i64.add %23, %24
// CHECK-NEXT:    %26 = wasmir.i32.const 0
// CHECK-NEXT:    %27 = wasmvm.call_builtin "memory_atomic_notify"[%0] (%26, %25, %x) : (i32, i64, i32) -> i32
// CHECK-NEXT:    wasmir.return %27 : i32
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @waiting(%a: i32, %x: i32, %t: i64) -> i32 {
  %0 = wasmir.memory.atomic.wait32 @shared[%a + 4], %x, %t
  %1 = wasmir.memory.atomic.wait64 @shared[%a], %t, %t
  %2 = wasmir.memory.atomic.notify @shared[%a + 2], %x
  wasmir.return %2 : i32
}

// No thread can wait for an unshared memory.

// CHECK-LABEL: @unshared(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.i32.const 3
// CHECK-NEXT:    %2 = wasmir.i32.and %a, %1
// CHECK-NEXT:    wasmvm.trap_if %2, 2
// CHECK-NEXT:    %3 = wasmvm.load_field %0, owned_memories.current_length[1] : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 4 within %3
// CHECK-NEXT:    %4 = wasmir.i64.extend_i32_u %a
// CHECK-NEXT:    %5 = wasmir.i32.const 0
// CHECK-NEXT:    %6 = wasmir.i32.const 3
// CHECK-NEXT:    %7 = wasmir.i32.and %a, %6
// CHECK-NEXT:    wasmvm.trap_if %7, 2
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 4 within %3
// CHECK-NEXT:    %8 = wasmir.i64.extend_i32_u %a
// CHECK-NEXT:    %9 = wasmir.i32.const 1
// CHECK-NEXT:    wasmvm.trap_if %9, 13
// CHECK-NEXT:    %10 = wasmir.i32.const 0
// CHECK-NEXT:    wasmir.return %5 : i32
// CHECK-NEXT:  }
wasmir.func index 4 slot 4 @unshared(%a: i32, %x: i32, %t: i64) -> i32 {
  %0 = wasmir.memory.atomic.notify @own[%a], %x
  %1 = wasmir.memory.atomic.wait32 @own[%a], %x, %t
  wasmir.return %0 : i32
}
