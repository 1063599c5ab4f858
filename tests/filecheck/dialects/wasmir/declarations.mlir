// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC

// Everything a module declares. Each kind has its own indices; imports have their own slots.

wasmir.type @binary (i32, i32) -> (i64, f32) index 0
wasmir.type @nothing () -> () index 1 signature 0
// CHECK:         wasmir.type @binary (i32, i32) -> (i64, f32) index 0
// CHECK-NEXT:    wasmir.type @nothing () -> () index 1 signature 0
// GENERIC:       "wasmir.type"() <{sym_name = "binary", composite = (i32, i32) -> (i64, f32), index = 0 : i64}> : () -> ()

wasmir.func import "env" "log \22it\22" index 0 slot 0 func_ref 3 @log(i32)
wasmir.func index 1 slot 0 @elsewhere() -> !wasmir.ref<extern> attributes {note = 1 : i32}
wasmir.func index 2 slot 1 func_ref 0 @here(%p: f32) -> f32 {
  wasmir.return %p : f32
}
// CHECK-NEXT:    wasmir.func import "env" "log \22it\22" index 0 slot 0 func_ref 3 @log(i32)
// CHECK-NEXT:    wasmir.func index 1 slot 0 @elsewhere() -> !wasmir.ref<extern> attributes {note = 1 : i32}
// CHECK-NEXT:    wasmir.func index 2 slot 1 func_ref 0 @here(%p: f32) -> f32 {
// CHECK-NEXT:      wasmir.return %p : f32
// CHECK-NEXT:    }
// GENERIC:       "wasmir.func"() <{import_module = "env", import_name = "log \22it\22", index = 0 : i64, slot = 0 : i64, func_ref = 3 : i64, sym_name = "log", function_type = (i32) -> ()}> ({
// GENERIC-NEXT:  }) : () -> ()

wasmir.memory @plain i32 min 1 page 16 index 0 slot 0
wasmir.memory @bounded i64 min 0 max 10 page 0 shared index 1 slot 1
wasmir.memory @outside i32 min 2 page 16 import "env" "memory" index 2 slot 0
// CHECK-NEXT:    wasmir.memory @plain i32 min 1 page 16 index 0 slot 0
// CHECK-NEXT:    wasmir.memory @bounded i64 min 0 max 10 page 0 shared index 1 slot 1
// CHECK-NEXT:    wasmir.memory @outside i32 min 2 page 16 import "env" "memory" index 2 slot 0
// GENERIC:       "wasmir.memory"() <{sym_name = "bounded", address_type = i64, minimum = 0 : i64, maximum = 10 : i64, page_size_log2 = 0 : i64, shared, index = 1 : i64, slot = 1 : i64}> : () -> ()

wasmir.table @functions !wasmir.ref<null func> i32 min 0 index 0 slot 0
wasmir.table @typed !wasmir.ref<@binary> i64 min 1 max 2 index 1 slot 1 {
  %0 = wasmir.ref.func @here : !wasmir.ref<@binary>
  wasmir.return %0 : !wasmir.ref<@binary>
}
wasmir.table @outside_table !wasmir.ref<null extern> i32 min 1 import "env" "table" index 2 slot 0
// CHECK-NEXT:    wasmir.table @functions !wasmir.ref<null func> i32 min 0 index 0 slot 0
// CHECK-NEXT:    wasmir.table @typed !wasmir.ref<@binary> i64 min 1 max 2 index 1 slot 1 {
// CHECK-NEXT:      %{{.*}} = wasmir.ref.func @here : !wasmir.ref<@binary>
// CHECK-NEXT:      wasmir.return %{{.*}} : !wasmir.ref<@binary>
// CHECK-NEXT:    }
// CHECK-NEXT:    wasmir.table @outside_table !wasmir.ref<null extern> i32 min 1 import "env" "table" index 2 slot 0

wasmir.global @constant i32 index 0 slot 0 {
  %0 = wasmir.i32.const 7
  wasmir.return %0 : i32
}
wasmir.global @outside_global mut f64 import "env" "global" index 1 slot 0
// CHECK-NEXT:    wasmir.global @constant i32 index 0 slot 0 {
// CHECK-NEXT:      %{{.*}} = wasmir.i32.const 7
// CHECK-NEXT:      wasmir.return %{{.*}} : i32
// CHECK-NEXT:    }
// CHECK-NEXT:    wasmir.global @outside_global mut f64 import "env" "global" index 1 slot 0
// GENERIC:       "wasmir.global"() <{sym_name = "outside_global", mutable, value_type = f64,

// Bytes read back as they were, whether they are text or not.
wasmir.data @text "hello \22\5C" index 0
wasmir.data @bytes "\00\FF\0A" in @plain index 1 attributes {note} {
  %0 = wasmir.i32.const 16
  wasmir.return %0 : i32
}
// CHECK-NEXT:    wasmir.data @text "hello \22\\" index 0
// CHECK-NEXT:    wasmir.data @bytes "\00\FF\0A" in @plain index 1 attributes {note} {
// CHECK-NEXT:      %{{.*}} = wasmir.i32.const 16
// CHECK-NEXT:      wasmir.return %{{.*}} : i32
// CHECK-NEXT:    }
// GENERIC:       "wasmir.data"() <{sym_name = "text",

wasmir.elem @passive !wasmir.ref<null func> functions [@here, @log] index 0 place {
} items {
}
wasmir.elem @declared !wasmir.ref<null func> functions [@here] declarative index 1 place {
} items {
}
wasmir.elem @active !wasmir.ref<null extern> in @outside_table index 2 place {
  %0 = wasmir.i32.const 0
  wasmir.return %0 : i32
} items {
  %0 = wasmir.ref.null : !wasmir.ref<null extern>
  wasmir.return %0 : !wasmir.ref<null extern>
}
// CHECK-NEXT:    wasmir.elem @passive !wasmir.ref<null func> functions [@here, @log] index 0 place {
// CHECK-NEXT:    } items {
// CHECK-NEXT:    }
// CHECK-NEXT:    wasmir.elem @declared !wasmir.ref<null func> functions [@here] declarative index 1 place {
// CHECK-NEXT:    } items {
// CHECK-NEXT:    }
// CHECK-NEXT:    wasmir.elem @active !wasmir.ref<null extern> in @outside_table index 2 place {
// CHECK-NEXT:      %{{.*}} = wasmir.i32.const 0
// CHECK-NEXT:      wasmir.return %{{.*}} : i32
// CHECK-NEXT:    } items {
// CHECK-NEXT:      %{{.*}} = wasmir.ref.null : !wasmir.ref<null extern>
// CHECK-NEXT:      wasmir.return %{{.*}} : !wasmir.ref<null extern>
// CHECK-NEXT:    }
// GENERIC:       "wasmir.elem"() <{sym_name = "declared",

wasmir.export "\01 run" @here
wasmir.start @elsewhere
// CHECK-NEXT:    wasmir.export "\01 run" @here
// CHECK-NEXT:    wasmir.start @elsewhere
// GENERIC:       "wasmir.export"() <{export_name = "\01 run", target = @here}> : () -> ()
// GENERIC-NEXT:  "wasmir.start"() <{function = @elsewhere}> : () -> ()

// Names are Unicode; what is not ASCII is printed with escapes.
wasmir.func import "caf\C3\A9" "\EF\BB\BF" index 3 slot 1 @unicode()
wasmir.memory @unicode_memory i32 min 1 page 16 import "\C3\A9" "" index 3 slot 1
wasmir.export "\E2\82\AC" @unicode
// CHECK-NEXT:    wasmir.func import "caf\C3\A9" "\EF\BB\BF" index 3 slot 1 @unicode()
// CHECK-NEXT:    wasmir.memory @unicode_memory i32 min 1 page 16 import "\C3\A9" "" index 3 slot 1
// CHECK-NEXT:    wasmir.export "\E2\82\AC" @unicode

wasmir.tag @error (i32, i64) -> () index 0 slot 0
wasmir.tag @foreign type @binary () -> () import "env" "tag" index 1 slot 0
// CHECK:         wasmir.tag @error (i32, i64) -> () index 0 slot 0
// CHECK-NEXT:    wasmir.tag @foreign type @binary () -> () import "env" "tag" index 1 slot 0
// GENERIC:       "wasmir.tag"() <{sym_name = "error", function_type = (i32, i64) -> (), index = 0 : i64, slot = 0 : i64}> : () -> ()
