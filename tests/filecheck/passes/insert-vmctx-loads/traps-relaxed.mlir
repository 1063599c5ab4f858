// RUN: wasm-opt-py %s -p 'insert-vmctx-loads{traps=relaxed}' | filecheck %s
// BLESS

// Relaxed: accesses that may fault and stores to globals are left to LLVM to move and delete.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.global @global mut i32 index 0 slot 0

// CHECK-LABEL: @relaxed(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.linear_load may_fault unordered %1[%a : i32 + 0] bytes 4 align 1 : i32
// CHECK-NEXT:    wasmvm.linear_store may_fault unordered %1[%a : i32 + 0], %2 bytes 4 align 1 : i32
// CHECK-NEXT:    wasmvm.store_field %0, globals.value[0], %2 : i32
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @relaxed(%a: i32) {
  %0 = wasmir.i32.load @memory[%a]
  wasmir.i32.store @memory[%a], %0
  wasmir.global.set @global, %0 : i32
  wasmir.return
}
