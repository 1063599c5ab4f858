// RUN: wasm-opt-py %s -t llvm | filecheck %s

// An exception is made inline; one block leaves the function, back to code that tests or to the host.

wasmir.tag @e (i32) -> () index 0 slot 0

// CHECK-LABEL: define hidden void @"wasm[0]::function[0]"(
// CHECK: icmp ugt i64
// CHECK: br i1 %{{.*}}, !prof
// CHECK: call ptr @llvm.returnaddress(i32 0)
// CHECK: icmp ult i64
// CHECK: ret void
wasmir.func index 0 slot 0 @throw(%x: i32) {
  %exception = wasmir.exception @e(%x) : (i32) -> !wasmir.ref<exn>
  wasmir.throw_ref %exception : !wasmir.ref<exn>
}

// CHECK-LABEL: define hidden i32 @"wasm[0]::function[1]"(
// CHECK: call void @"wasm[0]::function[0]"
// CHECK: br i1 %{{.*}}, !prof
// CHECK: ret i32 0
wasmir.func index 1 slot 1 @pass(%x: i32) -> i32 {
  wasmir.call @throw(%x) : (i32) -> ()
  wasmir.return %x : i32
}

// A referenced function of the same instance is called; of others, one that catches what it throws.
// CHECK-LABEL: define hidden void @"wasm[0]::function[2]"(
// CHECK: icmp ne i64
// CHECK: and i32 %{{.*}}, 2
// CHECK: ret void
wasmir.type @type () -> () index 0
wasmir.func index 2 slot 2 @reference(%function: !wasmir.ref<@type>) {
  wasmir.call_ref %function : !wasmir.ref<@type> @type() : () -> ()
  wasmir.return
}

// CHECK: !{!"branch_weights", i32 1, i32 1048575}
