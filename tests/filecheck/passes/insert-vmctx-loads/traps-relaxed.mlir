// RUN: wasm-opt-py %s -p 'insert-vmctx-loads{traps=relaxed}' | filecheck %s
// BLESS

// Relaxed: accesses that may fault and all stores are left to LLVM to move and delete.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.global @global mut i32 index 0 slot 0
wasmir.table @hosts !wasmir.ref<null extern> i32 min 1 index 0 slot 0

// CHECK-LABEL: @relaxed(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.linear_load may_fault %1[%a : i32 + 0] bytes 4 align 1 : i32
// CHECK-NEXT:    wasmvm.linear_store may_fault %1[%a : i32 + 0], %2 bytes 4 align 1 : i32
// CHECK-NEXT:    wasmvm.store_field %0, globals.value[0], %2 : i32
// CHECK-NEXT:    %3 = wasmvm.load_field %0, tables.current_elements[0] : i32
// CHECK-NEXT:    %4 = wasmir.i32.ge_u %a, %3
// CHECK-NEXT:    wasmvm.trap_if %4, 3
// CHECK-NEXT:    %5 = wasmvm.load_field %0, tables.base[0] : !llvm.ptr
// CHECK-NEXT:    %6 = wasmvm.element_address %5[%a]
// CHECK-NEXT:    wasmvm.store_element %6, %x : !wasmir.ref<null extern>
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @relaxed(%a: i32, %x: !wasmir.ref<null extern>) {
  %0 = wasmir.i32.load @memory[%a]
  wasmir.i32.store @memory[%a], %0
  wasmir.global.set @global, %0 : i32
  wasmir.table.set @hosts[%a : i32], %x : !wasmir.ref<null extern>
  wasmir.return
}
