// RUN: wasm-opt-py %s -t llvm | filecheck %s

// Accesses carry the kind of state they touch as !tbaa, so that a store to linear memory does not keep
// LLVM from reusing the base. What never changes is loaded as invariant. Loads that may fault and all
// stores are volatile.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.global @global mut i64 index 0 slot 0

// CHECK: load ptr, ptr %{{.*}}, align 8, !invariant.load [[EMPTY:![0-9]+]], !tbaa [[MEMORY:![0-9]+]]
// CHECK: load volatile i64, ptr %{{.*}}, align 1, !tbaa [[LINEAR:![0-9]+]]
// CHECK: store volatile i64 %{{.*}}, ptr %{{.*}}, align 1, !tbaa [[LINEAR]]
// CHECK: store volatile i64 %{{.*}}, ptr %{{.*}}, align 8, !tbaa [[GLOBAL:![0-9]+]]
// CHECK-DAG: [[EMPTY]] = !{}
// CHECK-DAG: [[ROOT:![0-9]+]] = !{!"wasm"}
// CHECK-DAG: [[MEMORY_TYPE:![0-9]+]] = !{!"memory", [[ROOT]], i64 0}
// CHECK-DAG: [[MEMORY]] = !{[[MEMORY_TYPE]], [[MEMORY_TYPE]], i64 0}
// CHECK-DAG: !{!"linear", [[ROOT]], i64 0}
// CHECK-DAG: !{!"global", [[ROOT]], i64 0}
wasmir.func index 0 slot 0 @accesses(%a: i32, %v: i64) -> i64 {
  %0 = wasmir.i64.load @memory[%a + 8]
  wasmir.i64.store @memory[%a], %v
  wasmir.global.set @global, %v : i64
  wasmir.return %0 : i64
}
