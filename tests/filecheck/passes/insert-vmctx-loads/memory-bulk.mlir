// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// memory.size counts pages; what works on ranges checks them and then calls the runtime.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.memory @other i32 min 1 page 16 import "env" "memory" index 1 slot 0
wasmir.data @segment "abc" index 5

// CHECK-LABEL: @size(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.i32.const 0
// CHECK-NEXT:    %2 = wasmir.i64.extend_i32_u %delta
// CHECK-NEXT:    %3 = wasmvm.call_builtin "memory32_grow"[%0] (%2, %1) : (i64, i32) -> i64
// CHECK-NEXT:    %4 = wasmir.i32.wrap_i64 %3
// CHECK-NEXT:    %5 = wasmir.i64.const 16
// CHECK-NEXT:    %6 = wasmvm.load_field %0, owned_memories.current_length[0] : i64
// CHECK-NEXT:    %7 = wasmir.i64.shr_u %6, %5
// CHECK-NEXT:    %8 = wasmir.i32.wrap_i64 %7
// CHECK-NEXT:    wasmir.return %4, %8 : i32, i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @size(%delta: i32) -> (i32, i32) {
  %old = wasmir.memory.grow @memory, %delta : i32 -> i32
  %pages = wasmir.memory.size @memory : i32
  wasmir.return %old, %pages : i32, i32
}

// CHECK-LABEL: @fill(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmir.i64.extend_i32_u %a
// CHECK-NEXT:    %3 = wasmir.i64.extend_i32_u %n
// CHECK-NEXT:    %4 = wasmvm.load_field %0, owned_memories.current_length[0] : i64
// CHECK-NEXT:    wasmvm.range_check nuw %2, %3 within %4 else 1
// CHECK-NEXT:    %5 = wasmvm.linear_address %1[%2 : i64]
// CHECK-NEXT:    wasmvm.call_builtin "memset"[%0] (%5, %v, %3) : (!llvm.ptr, i32, i64) -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @fill(%a: i32, %v: i32, %n: i32) {
  wasmir.memory.fill @memory[%a, %n], %v : i32, i32
  wasmir.return
}

// CHECK-LABEL: @copy(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, imported_memories.from[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.load_field invariant %1, memory.base : !llvm.ptr
// CHECK-NEXT:    %4 = wasmir.i64.extend_i32_u %to
// CHECK-NEXT:    %5 = wasmir.i64.extend_i32_u %from
// CHECK-NEXT:    %6 = wasmir.i64.extend_i32_u %n
// CHECK-NEXT:    %7 = wasmvm.load_field %0, owned_memories.current_length[0] : i64
// CHECK-NEXT:    wasmvm.range_check nuw %4, %6 within %7 else 1
// CHECK-NEXT:    %8 = wasmvm.load_field %1, memory.current_length : i64
// CHECK-NEXT:    wasmvm.range_check nuw %5, %6 within %8 else 1
// CHECK-NEXT:    %9 = wasmvm.linear_address %2[%4 : i64]
// CHECK-NEXT:    %10 = wasmvm.linear_address %3[%5 : i64]
// CHECK-NEXT:    wasmvm.call_builtin "memmove"[%0] (%9, %10, %6) : (!llvm.ptr, !llvm.ptr, i64) -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @copy(%to: i32, %from: i32, %n: i32) {
  wasmir.memory.copy @memory[%to], @other[%from], %n : i32, i32, i32
  wasmir.return
}

// CHECK-LABEL: @segments(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.i32.const 0
// CHECK-NEXT:    %2 = wasmir.i32.const 5
// CHECK-NEXT:    %3 = wasmir.i64.extend_i32_u %to
// CHECK-NEXT:    wasmvm.call_builtin "memory_init"[%0] (%1, %2, %3, %from, %n) : (i32, i32, i64, i32, i32) -> ()
// CHECK-NEXT:    %4 = wasmir.i32.const 5
// CHECK-NEXT:    wasmvm.call_builtin "data_drop"[%0] (%4) : (i32) -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @segments(%to: i32, %from: i32, %n: i32) {
  wasmir.memory.init @memory[%to], @segment index 5[%from], %n : i32
  wasmir.data.drop @segment index 5
  wasmir.return
}
