// RUN: wasm-opt-py %s -p insert-stack-limit-checks | filecheck %s
// BLESS

// Functions that call are checked at their entry; the slack below the limit is enough for others.

wasmir.type @nothing () -> () index 0
wasmir.table @table !wasmir.ref<null func> i32 min 1 index 0 slot 0

// CHECK-LABEL: @declaration()
wasmir.func index 0 slot 0 @declaration()

// CHECK-LABEL: @leaf(
// CHECK-NEXT:    wasmir.return %x : i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @leaf(%x: i32) -> i32 {
  wasmir.return %x : i32
}

// CHECK-LABEL: @direct(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %1, limits.stack_limit : i64
// CHECK-NEXT:    wasmvm.stack_check %2
// CHECK-NEXT:    wasmir.call @declaration() : () -> ()
// CHECK-NEXT:    wasmir.return %x : i32
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @direct(%x: i32) -> i32 {
  wasmir.call @declaration() : () -> ()
  wasmir.return %x : i32
}

// CHECK-LABEL: @indirect_later(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %1, limits.stack_limit : i64
// CHECK-NEXT:    wasmvm.stack_check %2
// CHECK-NEXT:    wasmir.br ^later
// CHECK-NEXT:  ^later:
// CHECK-NEXT:    wasmir.call_indirect @table[%x : i32] @nothing() : () -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @indirect_later(%x: i32) {
  wasmir.br ^later
^later:
  wasmir.call_indirect @table[%x : i32] @nothing() : () -> ()
  wasmir.return
}

// CHECK-LABEL: @builtin(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %1, limits.stack_limit : i64
// CHECK-NEXT:    wasmvm.stack_check %2
// CHECK-NEXT:    %vmctx = wasmvm.vmctx
// CHECK-NEXT:    wasmvm.call_builtin "data_drop"[%vmctx] (%x) : (i32) -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 4 slot 4 @builtin(%x: i32) {
  %vmctx = wasmvm.vmctx
  wasmvm.call_builtin "data_drop"[%vmctx](%x) : (i32) -> ()
  wasmir.return
}
