// RUN: WASM_INVALID

// CHECK: Operation does not verify: result 'result' at position 0 does not verify:
// CHECK-NEXT: Expected attribute i32 but got i64
wasmir.func index 0 slot 0 @result_type(%a: i32) {
  %0 = "wasmir.i32.add"(%a, %a) : (i32, i32) -> i64
  wasmir.return
}
// -----
// CHECK: operand 'rhs' at position 1 does not verify:
wasmir.func index 0 slot 0 @operand_type(%a: i32, %b: f32) {
  %0 = "wasmir.i32.add"(%a, %b) : (i32, f32) -> i32
  wasmir.return
}
// -----
// CHECK: an import has both a module and a name
"wasmir.func"() <{import_module = "env", index = 0 : i64, slot = 0 : i64, sym_name = "half_an_import", function_type = () -> ()}> ({
}) : () -> ()
// -----
// CHECK: an imported function has no body
wasmir.func import "env" "f" index 0 slot 0 @import_with_body() {
  wasmir.return
}
// -----
// CHECK: the entry block's arguments are not the function's parameters
"wasmir.func"() <{index = 0 : i64, slot = 0 : i64, sym_name = "parameters", function_type = (i32) -> ()}> ({
^bb0(%a: i64):
  wasmir.return
}) : () -> ()
// -----
// CHECK: case_sizes do not agree with the cases and their arguments
wasmir.func index 0 slot 0 @case_sizes(%i: i32) {
  "wasmir.br_table"(%i, %i)[^a, ^a] <{case_sizes = array<i32: 2>, operandSegmentSizes = array<i32: 1, 0, 1>}> : (i32, i32) -> ()
^a:
  wasmir.return
}
// -----
// CHECK: malformed float literal '1.5.2'
wasmir.func index 0 slot 0 @float_text() {
  %0 = wasmir.f32.const "1.5.2"
  wasmir.return
}
// -----
// CHECK: a value of i64 is not one of i32
wasmir.func index 0 slot 0 @select_types(%c: i32, %a: i32, %b: i64) {
  %0 = "wasmir.select"(%c, %a, %b) : (i32, i32, i64) -> i32
  wasmir.return
}
// -----
// CHECK: a value of !wasmir.ref<null func> is not one of !wasmir.ref<func>
wasmir.func @select_null(%c: i32, %a: !wasmir.ref<func>, %b: !wasmir.ref<null func>) {
  %0 = wasmir.select %c, %a, %b : (!wasmir.ref<func>, !wasmir.ref<null func>) -> !wasmir.ref<func>
  wasmir.return
}
// -----
// CHECK: !wasmir.ref<extern> is not !wasmir.ref<null func> without null
wasmir.func @as_another(%a: !wasmir.ref<null func>) {
  %0 = wasmir.ref.as_non_null %a : !wasmir.ref<null func> -> !wasmir.ref<extern>
  wasmir.return
}
// -----
// CHECK: uses a value before it is defined: a result of wasmir.i32.const
wasmir.func index 0 slot 0 @dominance(%c: i32) -> i32 {
  wasmir.br_if %c, ^a, ^b
^a:
  %0 = wasmir.i32.const 1
  wasmir.br ^b
^b:
  wasmir.return %0 : i32
}
// -----
// CHECK: wasmir.br passes (i32) to a block that takes (i64)
wasmir.func index 0 slot 0 @branch_types(%c: i32) {
  wasmir.br ^a(%c : i32)
^a(%x: i64):
  wasmir.return
}
// -----
// CHECK: operand 'condition' at position 0 does not verify:
// CHECK-NEXT: Expected attribute i32 but got i64
wasmir.func index 0 slot 0 @condition_type(%c: i64) {
  "wasmir.br_if"(%c)[^a, ^a] <{operandSegmentSizes = array<i32: 1, 0, 0>}> : (i64) -> ()
^a:
  wasmir.return
}
// -----
// CHECK: wasmir.br with block successors must terminate its parent block
wasmir.func index 0 slot 0 @terminator(%c: i32) {
  wasmir.br ^a
  wasmir.return
^a:
  wasmir.return
}
// -----
// CHECK: a return does not give the function's results
wasmir.func index 0 slot 0 @result_count(%c: i32) -> i32 {
  wasmir.return
}
// -----
// CHECK: f32 should be of base attribute integer_type
wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.func index 0 slot 0 @address_type(%c: f32) {
  %0 = "wasmir.i32.load"(%c) <{memory = @memory, offset = 0 : i64}> : (f32) -> i32
  wasmir.return
}
// -----
// CHECK: a marker stands for at least one operator
wasmir.func index 0 slot 0 @no_operators() {
  wasmir.operators 0
  wasmir.return
}
