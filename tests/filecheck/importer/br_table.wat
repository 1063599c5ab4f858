;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Cases go to the ends of blocks, to loop headers and out of the function, with arguments.

(module
  ;; CHECK-LABEL: @cases(
  ;; CHECK-NEXT:    wasmir.br_table %0, [^bb2, ^bb1, ^bb2], ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.return %1 : i32
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 2
  ;; CHECK-NEXT:    wasmir.return %2 : i32
  ;; CHECK-NEXT:  }
  (func $cases (param i32) (result i32)
    (block $a
      (block $b
        (br_table $a $b $a $b (local.get 0)))
      (return (i32.const 1)))
    (i32.const 2))

  ;; CHECK-LABEL: @values(
  ;; CHECK-NEXT:    %1 = wasmir.i64.const 7
  ;; CHECK-NEXT:    wasmir.br_table %0, [^bb1, ^bb2(%1 : i64)], ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %2 = wasmir.i64.popcnt %1
  ;; CHECK-NEXT:    wasmir.br ^bb2(%2 : i64)
  ;; CHECK-NEXT:  ^bb2(%3: i64):
  ;; CHECK-NEXT:    wasmir.return %3 : i64
  ;; CHECK-NEXT:  }
  (func $values (param i32) (result i64)
    (block $a (result i64)
      (br_table $a 1 $a (i64.const 7) (local.get 0)))
    (i64.popcnt))

  ;; CHECK-LABEL: @only_default(
  ;; CHECK-NEXT:    wasmir.br_table %0, [], ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  }
  (func $only_default (param i32)
    (block $end
      (br_table $end (local.get 0)))))
