// RUN: not wasm-opt-py %s -p insert-vmctx-loads --debug 2>&1 | filecheck %s

// A symbol that is not declared, or declared as something else, is named.

wasmir.func index 0 slot 0 @f() {
  wasmir.call @nothing() : () -> ()
  wasmir.return
}

// CHECK: pass 'insert-vmctx-loads' failed: ValueError: @nothing is not declared here as wasmir.func
