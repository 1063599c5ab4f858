// RUN: wasm-opt-py %s --load %S/../../../examples/reverse_bits.py -t llvm | filecheck %s
// RUN: wasm-opt-py %s --load %S/../../../examples/reverse_bits.py -t asm -O2 --target-triple aarch64-unknown-linux-gnu | filecheck %s --check-prefix ARM
// RUN: wasm-opt-py %s --load %S/../../../examples/reverse_bits.py | wasm-opt-py --load %S/../../../examples/reverse_bits.py | filecheck %s --check-prefix IR
// RUN: not wasm-opt-py %s -t llvm 2>&1 | filecheck %s --check-prefix UNKNOWN

// An operation that says itself how it is lowered, and its form in the IR.

// IR:      wasmir.func @f(%x: i32) -> i32 {
// IR-NEXT:   %r = bits.reverse %x
// CHECK:      define hidden i32 @"wasm[0]::function[0]"(ptr %0, ptr %1, i32 %2)
// CHECK-NEXT: b0:
// CHECK-NEXT:   %3 = call i32 @llvm.bitreverse.i32(i32 %2)
// CHECK-NEXT:   ret i32 %3
// ARM: rbit {{.*}}w0, w2
// UNKNOWN: bits.reverse is not registered
wasmir.func @f(%x: i32) -> i32 {
  %r = bits.reverse %x
  wasmir.return %r : i32
}
