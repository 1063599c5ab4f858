// RUN: not wasm-opt-py %s -p insert-vmctx-loads 2>&1 | filecheck %s

wasmir.tag @e () -> () index 0 slot 0

// CHECK: wasmir.threw comes after no call that is in_try
wasmir.func index 0 slot 0 @nothing() {
  %threw = wasmir.threw : i32
  wasmir.return
}
