// RUN: wasm-opt-py %s -p 'insert-vmctx-loads{bounds=explicit}' | filecheck %s
// BLESS

// Every access is compared with the current length, which only a call can change within a block. No
// access faults, and every trap has a fence, so stores are plain.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// CHECK-LABEL: @accesses(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, owned_memories.current_length[0] : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 16 within %1
// CHECK-NEXT:    %2 = wasmvm.load_field %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.linear_load %2[%a : i32 + 8] bytes 8 align 1 : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 1 within %1
// CHECK-NEXT:    wasmvm.linear_store %2[%a : i32 + 0], %3 bytes 1 align 1 : i64
// CHECK-NEXT:    wasmvm.call @callee[%0, %0] () : () -> ()
// CHECK-NEXT:    %4 = wasmvm.load_field %0, owned_memories.current_length[0] : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 2 within %4
// CHECK-NEXT:    %5 = wasmvm.load_field %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %6 = wasmvm.linear_load signed %5[%a : i32 + 0] bytes 2 align 1 : i64
// CHECK-NEXT:    wasmir.return %6 : i64
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @accesses(%a: i32) -> i64 {
  %0 = wasmir.i64.load @memory[%a + 8]
  wasmir.i64.store8 @memory[%a], %0
  wasmir.call @callee() : () -> ()
  %1 = wasmir.i64.load16_s @memory[%a]
  wasmir.return %1 : i64
}

wasmir.func index 1 slot 1 @callee()

wasmir.global @global mut i32 index 0 slot 0
wasmir.table @hosts !wasmir.ref<null extern> i32 min 1 index 0 slot 0

// CHECK-LABEL: @stores(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    wasmvm.store_field %0, globals.value[0], %a : i32
// CHECK-NEXT:    %1 = wasmvm.load_field %0, tables.current_elements[0] : i32
// CHECK-NEXT:    %2 = wasmir.i32.ge_u %a, %1
// CHECK-NEXT:    wasmvm.trap_if %2, 3
// CHECK-NEXT:    %3 = wasmvm.load_field %0, tables.base[0] : !llvm.ptr
// CHECK-NEXT:    %4 = wasmvm.element_address %3[%a]
// CHECK-NEXT:    wasmvm.store_element %4, %x : !wasmir.ref<null extern>
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @stores(%a: i32, %x: !wasmir.ref<null extern>) {
  wasmir.global.set @global, %a : i32
  wasmir.table.set @hosts[%a : i32], %x : !wasmir.ref<null extern>
  wasmir.return
}

// A memory that cannot grow has a constant length.
wasmir.memory @fixed i32 min 2 max 2 page 16 index 1 slot 1

// CHECK-LABEL: @fixed_size(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.i64.const 131072
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 4 within %1
// CHECK-NEXT:    %2 = wasmvm.load_field %0, owned_memories.base[1] : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.linear_load %2[%a : i32 + 0] bytes 4 align 1 : i32
// CHECK-NEXT:    wasmir.return %3 : i32
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @fixed_size(%a: i32) -> i32 {
  %0 = wasmir.i32.load @fixed[%a]
  wasmir.return %0 : i32
}
