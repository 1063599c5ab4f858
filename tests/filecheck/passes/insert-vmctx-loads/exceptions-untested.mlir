// RUN: not wasm-opt-py %s -p insert-vmctx-loads 2>&1 | filecheck %s

// A call put between a call in a try_table and its test would run with the exception thrown.

wasmir.tag @e () -> () index 0 slot 0
wasmir.func import "env" "f" index 0 slot 0 @imported()

// CHECK: wasmir.call is in_try, but no wasmir.threw comes before the next call or the end of its block
wasmir.func index 1 slot 0 @between() {
  wasmir.call @imported() in_try : () -> ()
  wasmir.call @imported() : () -> ()
  %threw = wasmir.threw : i32
  wasmir.return
}
