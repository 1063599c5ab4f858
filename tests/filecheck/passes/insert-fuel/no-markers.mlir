// RUN: not wasm-opt-py %s -p insert-fuel 2>&1 | filecheck %s

// Without the importer's markers there is nothing to count.

// CHECK: @unmarked has no markers to count: switch them on with --consume-fuel
wasmir.func index 0 slot 0 @unmarked() {
  wasmir.return
}
