// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC

// Defined types: subtypes, recursion groups, structs and arrays. A function of a type with relatives names it.

wasmir.type @base open () -> () index 0
wasmir.type @derived sub @base () -> () index 1
wasmir.type @node group 0 !wasmir.struct<[#wasmir.field<mut i8>, #wasmir.field<!wasmir.ref<null @list>>]> index 2
wasmir.type @list group 0 !wasmir.array<#wasmir.field<mut !wasmir.ref<@node>>> index 3
wasmir.func type @derived index 0 slot 0 @f()
// CHECK:       wasmir.type @base open () -> () index 0
// CHECK-NEXT:  wasmir.type @derived sub @base () -> () index 1
// CHECK-NEXT:  wasmir.type @node group 0 !wasmir.struct<[#wasmir.field<mut i8>, #wasmir.field<!wasmir.ref<null @list>>]> index 2
// CHECK-NEXT:  wasmir.type @list group 0 !wasmir.array<#wasmir.field<mut !wasmir.ref<@node>>> index 3
// CHECK-NEXT:  wasmir.func type @derived index 0 slot 0 @f()
// GENERIC:       "wasmir.type"() <{sym_name = "base", open, composite = () -> (), index = 0 : i64}> : () -> ()
