;; RUN: wasm-opt-py --consume-fuel -p insert-fuel %s | filecheck %s
;; BLESS

;; A tail call counts, and the count is written back before it.

(module
  (type $t (func (param i32)))
  (table 1 funcref)

  ;; CHECK-LABEL: @direct(%0: i32
  ;; CHECK-NEXT:    %1 = wasmvm.vmctx
  ;; CHECK-NEXT:    %2 = wasmvm.load_field %1, vmctx.limits : !llvm.ptr
  ;; CHECK-NEXT:    %3 = wasmvm.stack_slots 1
  ;; CHECK-NEXT:    %4 = wasmvm.load_field %2, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %4 : i64
  ;; CHECK-NEXT:    %5 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %6 = wasmir.i64.const 0
  ;; CHECK-NEXT:    %7 = wasmir.i64.ge_s %5, %6
  ;; CHECK-NEXT:    wasmir.br_if %7, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %8 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %2, limits.fuel_consumed, %8 : i64
  ;; CHECK-NEXT:    wasmvm.call_builtin "out_of_gas"[%1] () : () -> ()
  ;; CHECK-NEXT:    %9 = wasmvm.load_field %2, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %9 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %10 = wasmir.i64.const 3
  ;; CHECK-NEXT:    %11 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %12 = wasmir.i64.add %11, %10
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %12 : i64
  ;; CHECK-NEXT:    %13 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %2, limits.fuel_consumed, %13 : i64
  ;; CHECK-NEXT:    wasmir.return_call @indirect(%0 : i32)
  ;; CHECK-NEXT:  }
  (func $direct (param i32)
    (return_call $indirect (local.get 0)))

  ;; CHECK-LABEL: @indirect(%0: i32
  ;; CHECK-NEXT:    %1 = wasmvm.vmctx
  ;; CHECK-NEXT:    %2 = wasmvm.load_field %1, vmctx.limits : !llvm.ptr
  ;; CHECK-NEXT:    %3 = wasmvm.stack_slots 1
  ;; CHECK-NEXT:    %4 = wasmvm.load_field %2, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %4 : i64
  ;; CHECK-NEXT:    %5 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %6 = wasmir.i64.const 0
  ;; CHECK-NEXT:    %7 = wasmir.i64.ge_s %5, %6
  ;; CHECK-NEXT:    wasmir.br_if %7, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %8 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %2, limits.fuel_consumed, %8 : i64
  ;; CHECK-NEXT:    wasmvm.call_builtin "out_of_gas"[%1] () : () -> ()
  ;; CHECK-NEXT:    %9 = wasmvm.load_field %2, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %9 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %10 = wasmir.i32.const 0
  ;; CHECK-NEXT:    %11 = wasmir.i64.const 4
  ;; CHECK-NEXT:    %12 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    %13 = wasmir.i64.add %12, %11
  ;; CHECK-NEXT:    wasmvm.store_slot %3[0], %13 : i64
  ;; CHECK-NEXT:    %14 = wasmvm.load_slot %3[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %2, limits.fuel_consumed, %14 : i64
  ;; CHECK-NEXT:    wasmir.return_call_indirect @table0[%10 : i32] @t(%0 : i32)
  ;; CHECK-NEXT:  }
  (func $indirect (param i32)
    (return_call_indirect (type $t) (local.get 0) (i32.const 0)))

  ;; CHECK-LABEL: @reference(%0: i32
  ;; CHECK-NEXT:    %2 = wasmvm.vmctx
  ;; CHECK-NEXT:    %3 = wasmvm.load_field %2, vmctx.limits : !llvm.ptr
  ;; CHECK-NEXT:    %4 = wasmvm.stack_slots 1
  ;; CHECK-NEXT:    %5 = wasmvm.load_field %3, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %4[0], %5 : i64
  ;; CHECK-NEXT:    %6 = wasmvm.load_slot %4[0] : i64
  ;; CHECK-NEXT:    %7 = wasmir.i64.const 0
  ;; CHECK-NEXT:    %8 = wasmir.i64.ge_s %6, %7
  ;; CHECK-NEXT:    wasmir.br_if %8, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %9 = wasmvm.load_slot %4[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %3, limits.fuel_consumed, %9 : i64
  ;; CHECK-NEXT:    wasmvm.call_builtin "out_of_gas"[%2] () : () -> ()
  ;; CHECK-NEXT:    %10 = wasmvm.load_field %3, limits.fuel_consumed : i64
  ;; CHECK-NEXT:    wasmvm.store_slot %4[0], %10 : i64
  ;; CHECK-NEXT:    wasmir.br ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %11 = wasmir.i64.const 4
  ;; CHECK-NEXT:    %12 = wasmvm.load_slot %4[0] : i64
  ;; CHECK-NEXT:    %13 = wasmir.i64.add %12, %11
  ;; CHECK-NEXT:    wasmvm.store_slot %4[0], %13 : i64
  ;; CHECK-NEXT:    %14 = wasmvm.load_slot %4[0] : i64
  ;; CHECK-NEXT:    wasmvm.store_field volatile %3, limits.fuel_consumed, %14 : i64
  ;; CHECK-NEXT:    wasmir.return_call_ref %1 : !wasmir.ref<@t> @t(%0 : i32)
  ;; CHECK-NEXT:  }
  (func $reference (param i32 (ref $t))
    (return_call_ref $t (local.get 0) (local.get 1))))
