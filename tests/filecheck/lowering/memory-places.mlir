// RUN: wasm-opt-py %s -t llvm | filecheck %s

// Base and address are added once in a block: the two loads share the sum, and the block after the branch has
// its own, as no path leads to it through the one with the loads.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// CHECK:      [[INDEX:%[0-9]+]] = zext i32 [[ADDRESS:%[0-9]+]] to i64
// CHECK-NEXT: [[PLACE:%[0-9]+]] = getelementptr i8, ptr [[BASE:%[0-9]+]], i64 [[INDEX]]
// CHECK-NEXT: getelementptr i8, ptr [[PLACE]], i64 4
// CHECK-NEXT: load
// CHECK-NEXT: getelementptr i8, ptr [[PLACE]], i64 8
// CHECK-NEXT: load
// CHECK:      b{{[0-9]+}}:
// CHECK-NEXT: [[OTHER:%[0-9]+]] = zext i32 [[ADDRESS]] to i64
// CHECK-NEXT: getelementptr i8, ptr [[BASE]], i64 [[OTHER]]
wasmir.func index 0 slot 0 @places(%c: i32, %a: i32) -> i32 {
  wasmir.br_if %c, ^then, ^else
^then:
  %0 = wasmir.i32.load @memory[%a + 4]
  %1 = wasmir.i32.load @memory[%a + 8]
  %2 = wasmir.i32.add %0, %1
  wasmir.return %2 : i32
^else:
  %3 = wasmir.i32.load @memory[%a + 12]
  wasmir.return %3 : i32
}
