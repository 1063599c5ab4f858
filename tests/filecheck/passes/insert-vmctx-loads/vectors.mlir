// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// A vector is loaded and stored as a whole. Of an access to a part of one, the number is loaded or stored,
// with the check and the width of the part, and a vector instruction does the rest.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// CHECK-LABEL: @whole(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.linear_load volatile may_fault %1[%a : i32 + 8] bytes 16 align 1 : vector<16xi8>
// CHECK-NEXT:    wasmvm.linear_store volatile may_fault %1[%a : i32 + 0], %2 bytes 16 align 1 : vector<16xi8>
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @whole(%a: i32) {
  %0 = wasmir.v128.load @memory[%a + 8]
  wasmir.v128.store @memory[%a], %0
  wasmir.return
}

// CHECK-LABEL: @parts(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.linear_load volatile may_fault %1[%a : i32 + 0] bytes 1 align 1 : i32
// CHECK-NEXT:    %3 = wasmir.i8x16.splat %2
// CHECK-NEXT:    %4 = wasmvm.linear_load volatile may_fault %1[%a : i32 + 0] bytes 8 align 1 : i64
// CHECK-NEXT:    %5 = wasmir.i64x2.splat %4
// CHECK-NEXT:    %6 = wasmvm.linear_load volatile may_fault %1[%a : i32 + 0] bytes 8 align 1 : i64
// CHECK-NEXT:    %7 = wasmir.i64x2.splat %6
// CHECK-NEXT:    %8 = wasmir.i32x4.extend_low_i16x8_s %7
// CHECK-NEXT:    %9 = wasmvm.linear_load volatile may_fault %1[%a : i32 + 0] bytes 4 align 1 : i32
// CHECK-NEXT:    %10 = wasmir.v128.const 0x00000000000000000000000000000000
// CHECK-NEXT:    %11 = wasmir.i32x4.replace_lane %10[0], %9
// CHECK-NEXT:    wasmir.return %3, %5, %8, %11 : vector<16xi8>, vector<16xi8>, vector<16xi8>, vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @parts(%a: i32) -> (vector<16xi8>, vector<16xi8>, vector<16xi8>, vector<16xi8>) {
  %0 = wasmir.v128.load8_splat @memory[%a]
  %1 = wasmir.v128.load64_splat @memory[%a]
  %2 = wasmir.v128.load16x4_s @memory[%a]
  %3 = wasmir.v128.load32_zero @memory[%a]
  wasmir.return %0, %1, %2, %3 : vector<16xi8>, vector<16xi8>, vector<16xi8>, vector<16xi8>
}

// CHECK-LABEL: @lanes(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.linear_load volatile may_fault %1[%a : i32 + 2] bytes 2 align 1 : i32
// CHECK-NEXT:    %3 = wasmir.i16x8.replace_lane %v[7], %2
// CHECK-NEXT:    %4 = wasmir.i64x2.extract_lane %3[1]
// CHECK-NEXT:    wasmvm.linear_store volatile may_fault %1[%a : i32 + 0], %4 bytes 8 align 1 : i64
// CHECK-NEXT:    wasmir.return %3 : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @lanes(%a: i32, %v: vector<16xi8>) -> vector<16xi8> {
  %0 = wasmir.v128.load16_lane @memory[%a + 2], %v[7]
  wasmir.v128.store64_lane @memory[%a], %0[1]
  wasmir.return %0 : vector<16xi8>
}

// CHECK-LABEL: @last_bytes(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %inside = wasmir.i32.const 65520
// CHECK-NEXT:    %outside = wasmir.i32.const 65521
// CHECK-NEXT:    %2 = wasmvm.linear_load volatile %1[%inside : i32 + 0] bytes 16 align 1 : vector<16xi8>
// CHECK-NEXT:    %3 = wasmvm.linear_load volatile may_fault %1[%outside : i32 + 0] bytes 16 align 1 : vector<16xi8>
// CHECK-NEXT:    wasmir.return %3 : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @last_bytes() -> vector<16xi8> {
  %inside = wasmir.i32.const 65520
  %outside = wasmir.i32.const 65521
  %0 = wasmir.v128.load @memory[%inside]
  %1 = wasmir.v128.load @memory[%outside]
  wasmir.return %1 : vector<16xi8>
}
