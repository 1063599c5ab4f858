// RUN: wasm-opt-py %s -p wasmir-verify-symbols --split-input-file --verify-diagnostics | filecheck %s

// What an operation names is declared, as the right kind and with the types of the operation. Errors are
// printed before the modules that are right.

// CHECK: wasmir.call in @f has (i32, i32) as arguments, not (i32)
wasmir.func @f(%x: i32) {
  wasmir.call @f(%x, %x) : (i32, i32) -> ()
  wasmir.return
}

// -----

// CHECK: wasmir.i32.load in @f has i32 as address, not i64
wasmir.memory @m i64 min 1 page 16
wasmir.func @f(%x: i32) -> i32 {
  %0 = wasmir.i32.load @m[%x]
  wasmir.return %0 : i32
}

// -----

// CHECK: wasmir.global @g has a constant expression of (i64), not (i32)
wasmir.global @g i32 {
  %0 = wasmir.i64.const 1
  wasmir.return %0 : i64
}

// -----

// CHECK: wasmir.table.copy in @f names @f, which is not declared as wasmir.table
wasmir.table @t !wasmir.ref<null func> i32 min 1
wasmir.func @f(%x: i32) {
  wasmir.table.copy @t[%x], @f[%x], %x : i32, i32, i32
  wasmir.return
}

// -----

// CHECK: wasmir.start names a function with parameters or results
wasmir.func @f(%x: i32) {
  wasmir.return
}
wasmir.start @f

// -----

// CHECK: wasmir.return_call in @f has (i64) as results, not (i32)
wasmir.func @f(%x: i32) -> i32 {
  wasmir.return_call @g(%x : i32)
}
wasmir.func @g(%x: i32) -> i64 {
  wasmir.return_call @g(%x : i32)
}

// -----

// CHECK: wasmir.return_call in @f has () as arguments, not (i32)
wasmir.func @f(%x: i32) -> i32 {
  wasmir.return_call @f
}

// -----

// CHECK: wasmir.return_call_indirect in @f has () as results, not (i32)
wasmir.type @type (i32) -> ()
wasmir.table @table !wasmir.ref<null func> i32 min 1
wasmir.func @f(%x: i32) -> i32 {
  wasmir.return_call_indirect @table[%x : i32] @type(%x : i32)
}

// -----

// CHECK: wasmir.func index 0 slot 0 func_ref 0 @right(
wasmir.memory @m i64 min 1 page 16
wasmir.global @g mut f32 {
  %0 = wasmir.f32.const "0x1"
  wasmir.return %0 : f32
}
wasmir.func @right(%at: i64) -> f32 {
  %0 = wasmir.f32.load @m[%at : i64]
  wasmir.global.set @g, %0 : f32
  %1 = wasmir.call @right(%at) : (i64) -> f32
  wasmir.return %1 : f32
}
wasmir.export "right" @right
