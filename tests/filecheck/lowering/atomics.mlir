// RUN: wasm-opt-py %s -t llvm | filecheck %s

// Atomic accesses are sequentially consistent and volatile. Operands are narrowed, results extended; the
// location of each has the column of an access that may fault.

wasmir.memory @memory i32 min 1 max 2 page 16 shared index 0 slot 0

// CHECK: load atomic volatile i16, ptr %{{[0-9]+}} seq_cst, align 2, !tbaa [[LINEAR:![0-9]+]], !dbg [[FAULTS:![0-9]+]]
// CHECK-NEXT: zext i16
// CHECK: store atomic volatile i32 %{{[0-9]+}}, ptr %{{[0-9]+}} seq_cst, align 4, !tbaa [[LINEAR]], !dbg [[FAULTS]]
// CHECK: atomicrmw volatile xor ptr %{{[0-9]+}}, i64 %{{[0-9]+}} seq_cst, !tbaa [[LINEAR]], !dbg [[FAULTS]]
// CHECK: trunc i64 %{{[0-9]+}} to i8
// CHECK-NEXT: trunc i64 %{{[0-9]+}} to i8
// CHECK-NEXT: [[PAIR:%[0-9]+]] = cmpxchg volatile ptr %{{[0-9]+}}, i8 %{{[0-9]+}}, i8 %{{[0-9]+}} seq_cst seq_cst, !tbaa [[LINEAR]], !dbg [[FAULTS]]
// CHECK-NEXT: [[OLD:%[0-9]+]] = extractvalue { i8, i1 } [[PAIR]], 0
// CHECK-NEXT: zext i8 [[OLD]] to i64
// CHECK: {{^}}  fence seq_cst
// CHECK: load atomic i64, ptr %{{[0-9]+}} seq_cst, align 8
// CHECK: [[FAULTS]] = !DILocation(line: {{[0-9]+}}, column: 257
wasmir.func index 0 slot 0 @f(%a: i32, %x: i32, %y: i64) -> i64 {
  %0 = wasmir.i32.atomic.load16_u @memory[%a]
  wasmir.i32.atomic.store @memory[%a], %x
  %1 = wasmir.i64.atomic.rmw.xor @memory[%a], %y
  %2 = wasmir.i64.atomic.rmw8.cmpxchg_u @memory[%a], %y, %1
  wasmir.atomic.fence
  %3 = wasmir.memory.size @memory : i32
  wasmir.return %2 : i64
}
