;; RUN: wasm-opt-py --epoch-interruption -p insert-epoch-checks %s | filecheck %s
;; BLESS

;; Epoch and deadline are compared at the entry and at loop headers; the deadline is read again before
;; the runtime is asked.

(module
  ;; CHECK-LABEL: @callee(
  ;; CHECK-NEXT:    %0 = wasmvm.vmctx
  ;; CHECK-NEXT:    %1 = wasmvm.load_field %0, vmctx.limits : !llvm.ptr
  ;; CHECK-NEXT:    %2 = wasmvm.stack_slots 1
  ;; CHECK-NEXT:    %3 = wasmvm.load_field %0, vmctx.epoch : !llvm.ptr
  ;; CHECK-NEXT:    %4 = wasmvm.load_field %1, limits.epoch_deadline : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %2[0], %4 : i64
  ;; CHECK-NEXT:    %5 = wasmvm.load_field volatile %3, epoch.current : i64
  ;; CHECK-NEXT:    %6 = wasmvm.load_slot %2[0] : i64
  ;; CHECK-NEXT:    %7 = wasmir.i64.ge_u %5, %6
  ;; CHECK-NEXT:    wasmir.br_if %7, ^bb1, ^bb3
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %8 = wasmvm.load_field %1, limits.epoch_deadline : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %2[0], %8 : i64
  ;; CHECK-NEXT:    %9 = wasmir.i64.ge_u %5, %8
  ;; CHECK-NEXT:    wasmir.br_if %9, ^bb2, ^bb3
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %10 = wasmvm.call_builtin "new_epoch"[%0] () : () -> i64
  ;; CHECK-NEXT:    wasmvm.store_slot %2[0], %10 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb3
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  }
  (func $callee)

  ;; CHECK-LABEL: @loop(
  ;; CHECK-NEXT:    %1 = wasmvm.vmctx
  ;; CHECK-NEXT:    %2 = wasmvm.load_field %1, vmctx.limits : !llvm.ptr
  ;; CHECK-NEXT:    %3 = wasmvm.stack_slots 1
  ;; CHECK-NEXT:    %4 = wasmvm.load_field %1, vmctx.epoch : !llvm.ptr
  ;; CHECK-NEXT:    %5 = wasmvm.load_field %2, limits.epoch_deadline : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %5 : i64
  ;; CHECK-NEXT:    %6 = wasmvm.load_field volatile %4, epoch.current : i64
  ;; CHECK-NEXT:    %7 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %8 = wasmir.i64.ge_u %6, %7
  ;; CHECK-NEXT:    wasmir.br_if %8, ^bb3, ^bb5
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    wasmir.loop_header
  ;; CHECK-NEXT:    %9 = wasmvm.load_field volatile %4, epoch.current : i64
  ;; CHECK-NEXT:    %10 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %11 = wasmir.i64.ge_u %9, %10
  ;; CHECK-NEXT:    wasmir.br_if %11, ^bb6, ^bb8
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    %12 = wasmvm.load_field %2, limits.epoch_deadline : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %12 : i64
  ;; CHECK-NEXT:    %13 = wasmir.i64.ge_u %6, %12
  ;; CHECK-NEXT:    wasmir.br_if %13, ^bb4, ^bb5
  ;; CHECK-NEXT:  ^bb4:
  ;; CHECK-NEXT:    %14 = wasmvm.call_builtin "new_epoch"[%1] () : () -> i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %14 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb5
  ;; CHECK-NEXT:  ^bb5:
  ;; CHECK-NEXT:    wasmir.br ^bb1
  ;; CHECK-NEXT:  ^bb6:
  ;; CHECK-NEXT:    %15 = wasmvm.load_field %2, limits.epoch_deadline : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %15 : i64
  ;; CHECK-NEXT:    %16 = wasmir.i64.ge_u %9, %15
  ;; CHECK-NEXT:    wasmir.br_if %16, ^bb7, ^bb8
  ;; CHECK-NEXT:  ^bb7:
  ;; CHECK-NEXT:    %17 = wasmvm.call_builtin "new_epoch"[%1] () : () -> i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %17 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb8
  ;; CHECK-NEXT:  ^bb8:
  ;; CHECK-NEXT:    wasmir.call @callee() : () -> ()
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb1, ^bb2
  ;; CHECK-NEXT:  }
  (func $loop (param i32)
    (loop $again
      (call $callee)
      (br_if $again (local.get 0)))))
