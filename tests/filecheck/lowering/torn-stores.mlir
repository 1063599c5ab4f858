// RUN: wasm-opt-py %s -p insert-vmctx-loads,wasmvm-to-llvm | filecheck %s --check-prefix=IR
// RUN: wasm-opt-py %s -t llvm --target-triple aarch64-unknown-linux-gnu | filecheck %s --check-prefix=TORN
// RUN: wasm-opt-py %s -t llvm --target-triple riscv64-unknown-linux-gnu | filecheck %s --check-prefix=TORN
// RUN: wasm-opt-py %s -t llvm --target-triple s390x-unknown-linux-gnu | filecheck %s --check-prefix=WHOLE
// RUN: wasm-opt-py %s -t llvm --target-triple x86_64-unknown-linux-gnu | filecheck %s --check-prefix=WHOLE

// A store that may be on both sides of the end of its memory is probed where a part of it may be written.

// IR-LABEL: llvm.func hidden @"wasm[0]::function[0]"(
// IR: llvm_ext.store_probe [[PLACE:%[0-9]+]] bytes 8 : !llvm.ptr
// IR-NEXT: llvm_ext.store volatile may_fault {{.*}}, [[PLACE]] align 1
// IR-NOT: store_probe
// IR-LABEL: llvm.func hidden @"wasm[0]::function[1]"(

// TORN-LABEL: @"wasm[0]::function[0]"(
// TORN: %{{.*}}probe" = load volatile i64, ptr [[PLACE:%[0-9]+]], align 1{{.*}} !dbg [[HERE:![0-9]+]]
// TORN-NEXT: store volatile i64 {{.*}}, ptr [[PLACE]], align 1{{.*}} !dbg [[HERE]]
// TORN-NOT: load
// TORN-LABEL: @"wasm[0]::function[1]"(
// TORN: load volatile i16
// TORN-NEXT: store volatile i16
// TORN: load volatile i32
// TORN-NEXT: store volatile float
// TORN: [[LAST:%.*last"]] = getelementptr i8, ptr [[PLACE:%[0-9]+]], i64 15
// TORN-NEXT: %{{.*}}probe" = load volatile i8, ptr [[LAST]], align 1
// TORN-NEXT: store volatile <16 x i8> {{.*}}, ptr [[PLACE]]
// TORN-LABEL: @"wasm[0]::function[2]"(
// TORN: store volatile i64
// TORN-NOT: load volatile
// TORN: ret void

// WHOLE-NOT: load volatile
// WHOLE-NOT: last"

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// The second store ends where the first one did, the third one before.
wasmir.func index 0 slot 0 @once(%a: i32, %v: i64, %w: i32) {
  wasmir.i64.store @memory[%a + 8], %v
  wasmir.i64.store @memory[%a + 8], %v
  wasmir.br ^next
^next:
  wasmir.i32.store @memory[%a], %w
  wasmir.i32.store8 @memory[%a + 32], %w
  wasmir.return
}

wasmir.func index 1 slot 1 @widths(%a: i32, %b: i32, %c: i32, %v: i32, %f: f32, %x: vector<16xi8>) {
  wasmir.i32.store16 @memory[%a], %v
  wasmir.f32.store @memory[%b], %f
  wasmir.v128.store @memory[%c], %x
  wasmir.return
}

// A multiple of 8 is not on both sides of the end.
wasmir.func index 2 slot 2 @aligned(%a: i32, %v: i64) {
  %three = wasmir.i32.const 3
  %b = wasmir.i32.shl %a, %three
  wasmir.i64.store @memory[%b + 16], %v
  wasmir.return
}
