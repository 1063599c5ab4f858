;; RUN: wasm-opt-py %s -p wasmir-version-loops,wasmir-verify-ssa,wasmir-verify-symbols | filecheck %s
;; RUN: wasm-opt-py %s -p wasmir-version-loops,wasmir-version-loops | filecheck %s
;; RUN: wasm-opt-py %s -O2 -t llvm | filecheck %s --check-prefix LLVM
;; RUN: wasm-opt-py %s -O1 -t llvm | filecheck %s --check-prefix PLAIN
;; RUN: wasm-opt-py %s -O2 --no-version-loops -t llvm | filecheck %s --check-prefix PLAIN

(module
  (memory 1 4)
  ;; CHECK-LABEL: @func0(
  (func (export "copy") (param $to i32) (param $from i32) (param $n i32)
    (loop $l
      (i32.store offset=4 (local.get $to) (i32.load (local.get $from)))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (local.set $from (i32.add (local.get $from) (i32.const 4)))
      (br_if $l (local.tee $n (i32.add (local.get $n) (i32.const -1)))))))

;; The number of iterations, and whether the copy pays:
;; CHECK-NEXT:    wasmir.br ^[[GUARD:bb[0-9]+]](%0, %1, %2 : i32, i32, i32)
;; CHECK-NEXT:  ^[[GUARD]](%[[TO:[0-9]+]]: i32, %[[FROM:[0-9]+]]: i32, %[[N:[0-9]+]]: i32):
;; CHECK:         %[[PASSED:[0-9]+]] = wasmir.i64.extend_i32_u
;; CHECK:         %[[COUNT:[0-9]+]] = wasmir.i64.add %[[PASSED]], %
;; CHECK:         wasmir.i64.ge_u %[[COUNT]], %
;; CHECK-NEXT:    wasmir.br_if %{{[0-9]+}}, ^[[COUNTED:bb[0-9]+]], ^[[LOOP:bb[0-9]+]](%[[TO]], %[[FROM]], %[[N]] : i32, i32, i32)
;; First and last address of each group of accesses, with their last byte:
;; CHECK-NEXT:  ^[[COUNTED]]:
;; CHECK:         wasmir.memory.size @memory0
;; CHECK:         wasmir.i64.const 4
;; CHECK:         wasmir.i64.le_u
;; CHECK:         wasmir.i64.const 8
;; CHECK:         wasmir.i64.le_u
;; CHECK:         wasmir.br_if %{{[0-9]+}}, ^[[FITS:bb[0-9]+]], ^[[LOOP]](
;; CHECK-NEXT:  ^[[FITS]]:
;; CHECK-NEXT:    wasmir.trap_fence
;; CHECK:         wasmir.br ^[[COPY:bb[0-9]+]](%[[TO]], %[[FROM]], %[[N]], %{{[0-9]+}} : i32, i32, i32, i64)
;; CHECK-NEXT:  ^[[COPY]](
;; CHECK:         wasmir.i32.load @memory0[%[[A:[0-9]+]] : i64] plain
;; CHECK-NEXT:    wasmir.i32.store @memory0[%[[B:[0-9]+]] : i64 + 4], %{{[0-9]+}} plain
;; CHECK:         wasmir.br ^[[NEXT:bb[0-9]+]](
;; CHECK-NEXT:  ^[[NEXT]](%[[X:[0-9]+]]: i32, %[[Y:[0-9]+]]: i32, %[[Z:[0-9]+]]: i32):
;; CHECK:         wasmir.i64.lt_u
;; CHECK-NEXT:    wasmir.br_if %{{[0-9]+}}, ^[[COPY]](%[[X]], %[[Y]], %[[Z]], %{{[0-9]+}} : i32, i32, i32, i64), ^[[LEFT:bb[0-9]+]]
;; CHECK-NEXT:  ^[[LEFT]]:
;; CHECK-NEXT:    wasmir.trap_fence
;; CHECK-NEXT:    wasmir.br ^[[JOIN:bb[0-9]+]]
;; CHECK-NEXT:  ^[[LOOP]](
;; CHECK:         wasmir.i32.load @memory0[%{{[0-9]+}}]
;; CHECK-NOT:     plain
;; CHECK-NEXT:    wasmir.i32.store @memory0[%{{[0-9]+}} + 4], %{{[0-9]+}}
;; CHECK-NOT:     plain
;; CHECK:         wasmir.br_if %{{[0-9]+}}, ^[[LOOP]](%{{.*}}), ^[[JOIN]]
;; CHECK-NEXT:  ^[[JOIN]]:
;; CHECK-NEXT:    wasmir.br
;; CHECK:         wasmir.return

;; LLVM:       fence syncscope("singlethread") seq_cst
;; LLVM:       load i32, ptr
;; LLVM:       store i32
;; LLVM:       fence syncscope("singlethread") seq_cst
;; LLVM:       load volatile i32, ptr
;; LLVM:       store volatile i32
;; LLVM:       "wasmdialect-trap-free-loops"="true"

;; PLAIN-NOT:  wasmdialect-trap-free-loops
