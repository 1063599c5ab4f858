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

// CHECK: wasmir.ref.func in @f has a result of !wasmir.ref<@other>, which @f is not
wasmir.type @type () -> ()
wasmir.type @other (i32) -> ()
wasmir.func @f() {
  %0 = wasmir.ref.func @f : !wasmir.ref<@other>
  wasmir.return
}

// -----

// CHECK: wasmir.return in @f returns (!wasmir.ref<@other>), not (!wasmir.ref<@type>)
wasmir.type @type () -> ()
wasmir.type @other (i32) -> ()
wasmir.func @f(%r: !wasmir.ref<@other>) -> !wasmir.ref<@type> {
  wasmir.return %r : !wasmir.ref<@other>
}

// -----

// CHECK: wasmir.br in @f passes (!wasmir.ref<@other>) to a block that takes (!wasmir.ref<@type>)
wasmir.type @type () -> ()
wasmir.type @other (i32) -> ()
wasmir.func @f(%r: !wasmir.ref<@other>) {
  wasmir.br ^bb1(%r : !wasmir.ref<@other>)
^bb1(%s: !wasmir.ref<@type>):
  wasmir.return
}

// -----

// CHECK: wasmir.call_ref in @f has !wasmir.ref<@other> as reference, not !wasmir.ref<null @type>
wasmir.type @type () -> ()
wasmir.type @other (i32) -> ()
wasmir.func @f(%r: !wasmir.ref<@other>) {
  wasmir.call_ref %r : !wasmir.ref<@other> @type() : () -> ()
  wasmir.return
}

// -----

// CHECK: wasmir.select in @f has !wasmir.ref<@other> as value, not !wasmir.ref<@type>
wasmir.type @type () -> ()
wasmir.type @other (i32) -> ()
wasmir.func @f(%c: i32, %r: !wasmir.ref<@type>, %s: !wasmir.ref<@other>) {
  %0 = wasmir.select %c, %r, %s : (!wasmir.ref<@type>, !wasmir.ref<@other>) -> !wasmir.ref<@type>
  wasmir.return
}

// -----

// CHECK: wasmir.ref.as_non_null in @f has !wasmir.ref<@other> as operand, not !wasmir.ref<@type>
wasmir.type @type () -> ()
wasmir.type @other (i32) -> ()
wasmir.func @f(%r: !wasmir.ref<null @other>) {
  %0 = wasmir.ref.as_non_null %r : !wasmir.ref<null @other> -> !wasmir.ref<@type>
  wasmir.return
}

// -----

// CHECK: wasmir.func @f has type () -> (), but @other is (i32) -> ()
wasmir.type @other open (i32) -> ()
wasmir.func type @other @f() {
  wasmir.return
}

// -----

// CHECK: wasmir.call_ref names @point, which is not a function type
wasmir.type @point !wasmir.struct<[#wasmir.field<i32>]>
wasmir.func @f(%r: !wasmir.ref<null @point>) {
  wasmir.call_ref %r : !wasmir.ref<null @point> @point() : () -> ()
  wasmir.return
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
