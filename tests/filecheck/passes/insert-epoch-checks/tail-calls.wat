;; RUN: wasm-opt-py --epoch-interruption -p insert-epoch-checks %s | filecheck %s
;; BLESS

;; The check at the entry of each function stops a chain of tail calls.

(module
  ;; CHECK-LABEL: @direct(
  ;; CHECK-NEXT:    %1 = wasmvm.vmctx
  ;; CHECK-NEXT:    %2 = wasmvm.load_field %1, vmctx.limits : !llvm.ptr
  ;; CHECK-NEXT:    %3 = wasmvm.stack_slots 1
  ;; CHECK-NEXT:    %4 = wasmvm.load_field %1, vmctx.epoch : !llvm.ptr
  ;; CHECK-NEXT:    %5 = wasmvm.load_field %2, limits.epoch_deadline : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %5 : i64
  ;; CHECK-NEXT:    %6 = wasmvm.load_field volatile %4, epoch.current : i64
  ;; CHECK-NEXT:    %7 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %8 = wasmir.i64.ge_u %6, %7
  ;; CHECK-NEXT:    wasmir.br_if %8, ^bb1, ^bb3
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %9 = wasmvm.load_field %2, limits.epoch_deadline : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %9 : i64
  ;; CHECK-NEXT:    %10 = wasmir.i64.ge_u %6, %9
  ;; CHECK-NEXT:    wasmir.br_if %10, ^bb2, ^bb3
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %11 = wasmvm.call_builtin "new_epoch"[%1] () : () -> i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %11 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb3
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    wasmir.return_call @direct(%0 : i32)
  ;; CHECK-NEXT:  }
  (func $direct (param i32)
    (return_call $direct (local.get 0))))
