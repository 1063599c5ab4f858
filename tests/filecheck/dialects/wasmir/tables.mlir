// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Tables of references.

wasmir.table @functions !wasmir.ref<null func> i32 min 1 max 10 index 0 slot 0
wasmir.table @hosts !wasmir.ref<null extern> i64 min 1 index 1 slot 1
wasmir.func index 0 slot 0 func_ref 0 @callee()

// CHECK-LABEL: @tables(
// CHECK-NEXT:    %get = wasmir.table.get @functions[%i : i32] : !wasmir.ref<null func>
// CHECK-NEXT:    %host = wasmir.table.get @hosts[%j : i64] : !wasmir.ref<null extern>
// CHECK-NEXT:    wasmir.table.set @functions[%i : i32], %f : !wasmir.ref<null func>
// CHECK-NEXT:    %size = wasmir.table.size @functions : i32
// CHECK-NEXT:    %size64 = wasmir.table.size @hosts : i64
// CHECK-NEXT:    %old = wasmir.table.grow @functions, %f, %i : !wasmir.ref<null func>, i32 -> i32
// CHECK-NEXT:    wasmir.table.fill @functions[%i, %i], %f : i32, i32, !wasmir.ref<null func>
// CHECK-NEXT:    wasmir.table.copy @hosts[%j], @functions[%i], %i : i64, i32, i32
// CHECK-NEXT:    wasmir.table.init @functions[%i], @segment index 0[%i], %i : i32
// CHECK-NEXT:    wasmir.elem.drop @segment index 0
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "tables"
// GENERIC-NEXT:  ^bb0(%i: i32, %j: i64, %f: !wasmir.ref<null func>):
// GENERIC-NEXT:    %get = "wasmir.table.get"(%i) <{table = @functions}> : (i32) -> !wasmir.ref<null func>
// GENERIC-NEXT:    %host = "wasmir.table.get"(%j) <{table = @hosts}> : (i64) -> !wasmir.ref<null extern>
// GENERIC-NEXT:    "wasmir.table.set"(%i, %f) <{table = @functions}> : (i32, !wasmir.ref<null func>) -> ()
// GENERIC-NEXT:    %size = "wasmir.table.size"() <{table = @functions}> : () -> i32
// GENERIC-NEXT:    %size64 = "wasmir.table.size"() <{table = @hosts}> : () -> i64
// GENERIC-NEXT:    %old = "wasmir.table.grow"(%f, %i) <{table = @functions}> : (!wasmir.ref<null func>, i32) -> i32
// GENERIC-NEXT:    "wasmir.table.fill"(%i, %f, %i) <{table = @functions}> : (i32, !wasmir.ref<null func>, i32) -> ()
// GENERIC-NEXT:    "wasmir.table.copy"(%j, %i, %i) <{table = @hosts, source_table = @functions}> : (i64, i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.table.init"(%i, %i, %i) <{table = @functions, segment = @segment, segment_index = 0 : i64}> : (i32, i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.elem.drop"() <{segment = @segment, segment_index = 0 : i64}> : () -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @tables(%i: i32, %j: i64, %f: !wasmir.ref<null func>) {
  %get = wasmir.table.get @functions[%i : i32] : !wasmir.ref<null func>
  %host = wasmir.table.get @hosts[%j : i64] : !wasmir.ref<null extern>
  wasmir.table.set @functions[%i : i32], %f : !wasmir.ref<null func>
  %size = wasmir.table.size @functions : i32
  %size64 = wasmir.table.size @hosts : i64
  %old = wasmir.table.grow @functions, %f, %i : !wasmir.ref<null func>, i32 -> i32
  wasmir.table.fill @functions[%i, %i], %f : i32, i32, !wasmir.ref<null func>
  wasmir.table.copy @hosts[%j], @functions[%i], %i : i64, i32, i32
  wasmir.table.init @functions[%i], @segment index 0[%i], %i : i32
  wasmir.elem.drop @segment index 0
  wasmir.return
}

wasmir.elem @segment !wasmir.ref<null func> functions [@callee] index 0 place {
} items {
}
