;; RUN: wasm-opt-py --consume-fuel -p insert-fuel %s | filecheck %s
;; BLESS

;; The count is kept in the frame: read at the entry and behind calls, written back before calls and
;; returns, compared with zero at the entry and at loop headers.

(module
  ;; CHECK-LABEL: @callee(
  ;; CHECK-NEXT:    %0 = wasmvm.vmctx
  ;; CHECK-NEXT:    %1 = wasmvm.load_field %0, vmctx.limits : !llvm.ptr
  ;; CHECK-NEXT:    %2 = wasmvm.stack_slots 1
  ;; CHECK-NEXT:    %3 = wasmvm.load_field %1, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %2[0], %3 : i64
  ;; CHECK-NEXT:    %4 = wasmvm.load_slot %2[0] : i64
  ;; CHECK-NEXT:    %5 = wasmir.i64.const 0
  ;; CHECK-NEXT:    %6 = wasmir.i64.ge_s %4, %5
  ;; CHECK-NEXT:    wasmir.br_if %6, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %7 = wasmvm.load_slot %2[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %1, limits.fuel_consumed, %7 : i64
  ;; CHECK-NEXT:    wasmvm.call_builtin "out_of_gas"[%0] () : () -> ()
  ;; CHECK-NEXT:    %8 = wasmvm.load_field %1, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %2[0], %8 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %9 = wasmir.i64.const 1
  ;; CHECK-NEXT:    %10 = wasmvm.load_slot %2[0] : i64
  ;; CHECK-NEXT:    %11 = wasmir.i64.add %10, %9
  ;; CHECK-NEXT:    wasmvm.store_slot %2[0], %11 : i64
  ;; CHECK-NEXT:    %12 = wasmvm.load_slot %2[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %1, limits.fuel_consumed, %12 : i64
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  }
  (func $callee)

  ;; CHECK-LABEL: @loop(
  ;; CHECK-NEXT:    %1 = wasmvm.vmctx
  ;; CHECK-NEXT:    %2 = wasmvm.load_field %1, vmctx.limits : !llvm.ptr
  ;; CHECK-NEXT:    %3 = wasmvm.stack_slots 1
  ;; CHECK-NEXT:    %4 = wasmvm.load_field %2, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %4 : i64
  ;; CHECK-NEXT:    %5 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %6 = wasmir.i64.const 0
  ;; CHECK-NEXT:    %7 = wasmir.i64.ge_s %5, %6
  ;; CHECK-NEXT:    wasmir.br_if %7, ^bb3, ^bb4
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    wasmir.loop_header
  ;; CHECK-NEXT:    %8 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %9 = wasmir.i64.const 0
  ;; CHECK-NEXT:    %10 = wasmir.i64.ge_s %8, %9
  ;; CHECK-NEXT:    wasmir.br_if %10, ^bb5, ^bb6
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %11 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %2, limits.fuel_consumed, %11 : i64
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    %12 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %2, limits.fuel_consumed, %12 : i64
  ;; CHECK-NEXT:    wasmvm.call_builtin "out_of_gas"[%1] () : () -> ()
  ;; CHECK-NEXT:    %13 = wasmvm.load_field %2, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %13 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb4
  ;; CHECK-NEXT:  ^bb4:
  ;; CHECK-NEXT:    %14 = wasmir.i64.const 1
  ;; CHECK-NEXT:    %15 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %16 = wasmir.i64.add %15, %14
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %16 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb1
  ;; CHECK-NEXT:  ^bb5:
  ;; CHECK-NEXT:    %17 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %2, limits.fuel_consumed, %17 : i64
  ;; CHECK-NEXT:    wasmvm.call_builtin "out_of_gas"[%1] () : () -> ()
  ;; CHECK-NEXT:    %18 = wasmvm.load_field %2, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %18 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb6
  ;; CHECK-NEXT:  ^bb6:
  ;; CHECK-NEXT:    %19 = wasmir.i64.const 1
  ;; CHECK-NEXT:    %20 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %21 = wasmir.i64.add %20, %19
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %21 : i64
  ;; CHECK-NEXT:    %22 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %2, limits.fuel_consumed, %22 : i64
  ;; CHECK-NEXT:    wasmir.call @callee() : () -> ()
  ;; CHECK-NEXT:    %23 = wasmvm.load_field %2, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %23 : i64
  ;; CHECK-NEXT:    %24 = wasmir.i64.const 2
  ;; CHECK-NEXT:    %25 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %26 = wasmir.i64.add %25, %24
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %26 : i64
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb1, ^bb2
  ;; CHECK-NEXT:  }
  (func $loop (param i32)
    (loop $again
      (call $callee)
      (br_if $again (local.get 0)))))
