// RUN: wasm-opt-py %s -t llvm | filecheck %s

// An operation of wasmir is at line 0, column Wasm byte offset. For LLVM the offset is the line, and the
// column is the code of a trap, 256 for an access of linear memory, 0 for a call.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.func index 0 slot 0 @callee()

// CHECK: define hidden i32 @"wasm[0]::function[1]"({{.*}} !dbg [[SCOPE:![0-9]+]] {
// CHECK: notail call void @"wasm[0]::function[0]"({{.*}}, !dbg [[CALL:![0-9]+]]
// CHECK: load volatile i32, {{.*}}, !dbg [[LOAD:![0-9]+]]
// CHECK: call void @llvm.ubsantrap(i8 7) nomerge, !dbg [[TRAP:![0-9]+]]
// CHECK-DAG: [[SCOPE]] = distinct !DISubprogram(name: "wasm[0]::function[1]",
// CHECK-DAG: [[CALL]] = !DILocation(line: 60, column: 0, scope: [[SCOPE]])
// CHECK-DAG: [[LOAD]] = !DILocation(line: 62, column: 257, scope: [[SCOPE]])
// CHECK-DAG: [[TRAP]] = !DILocation(line: 66, column: 7, scope: [[SCOPE]])
wasmir.func index 1 slot 1 @divide(%x: i32) -> i32 {
  wasmir.call @callee() : () -> () loc("module.wasm":0:60)
  %0 = wasmir.i32.load @memory[%x] loc("module.wasm":0:62)
  %1 = wasmir.i32.div_u %x, %0 loc("module.wasm":0:66)
  wasmir.return %1 : i32 loc("module.wasm":0:67)
}
