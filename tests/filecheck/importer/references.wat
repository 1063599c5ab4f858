;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Typed function references. A value may be of a subtype of what is expected; a local keeps its declared type.

(module
  (type $unary (func (param i32) (result i32)))
  (type $open (sub (func)))
  (type $closed (sub $open (func)))
  (rec (type $even (func (param (ref null $odd)))) (type $odd (func (param (ref null $even)))))

  (func $inc (type $unary) (i32.add (local.get 0) (i32.const 1)))
  (func $relative (type $closed))
  (elem declare func $inc $relative)

  ;; CHECK-LABEL: @call(
  ;; CHECK-NEXT:    %2 = wasmir.call_ref %1 : !wasmir.ref<null @unary> @unary(%0) : (i32) -> i32
  ;; CHECK-NEXT:    wasmir.return %2 : i32
  ;; CHECK-NEXT:  }
  (func $call (param i32 (ref null $unary)) (result i32) (call_ref $unary (local.get 0) (local.get 1)))

  ;; CHECK-LABEL: @upcast(
  ;; CHECK-NEXT:    %0 = wasmir.ref.func @relative : !wasmir.ref<@closed>
  ;; CHECK-NEXT:    wasmir.return %0 : !wasmir.ref<@closed>
  ;; CHECK-NEXT:  }
  (func $upcast (result (ref $open)) (ref.func $relative))

  ;; CHECK-LABEL: @set_first(
  ;; CHECK-NEXT:    %1 = wasmir.ref.null : !wasmir.ref<null @unary>
  ;; CHECK-NEXT:    %2 = wasmir.ref.as_non_null %1 known : !wasmir.ref<null @unary> -> !wasmir.ref<@unary>
  ;; CHECK-NEXT:    %3 = wasmir.ref.func @inc : !wasmir.ref<@unary>
  ;; CHECK-NEXT:    wasmir.br ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %4 = wasmir.ref.func @inc : !wasmir.ref<@unary>
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %5 = wasmir.call_ref %4 : !wasmir.ref<@unary> @unary(%0) : (i32) -> i32
  ;; CHECK-NEXT:    wasmir.return %5 : i32
  ;; CHECK-NEXT:  }
  (func $set_first (param i32) (result i32) (local $f (ref $unary))
    (local.set $f (ref.func $inc))
    (loop $again
      (local.set $f (ref.func $inc))
      (br_if $again (local.get 0)))
    (call_ref $unary (local.get 0) (local.get $f)))

  ;; CHECK-LABEL: @on_null(
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %2 = wasmir.ref.is_null %0 : !wasmir.ref<null @unary>
  ;; CHECK-NEXT:    wasmir.br_if %2, ^bb2, ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %3 = wasmir.ref.as_non_null %0 known : !wasmir.ref<null @unary> -> !wasmir.ref<@unary>
  ;; CHECK-NEXT:    %4 = wasmir.call_ref %3 : !wasmir.ref<@unary> @unary(%1) : (i32) -> i32
  ;; CHECK-NEXT:    wasmir.return %4 : i32
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %5 = wasmir.i32.const 0
  ;; CHECK-NEXT:    wasmir.return %5 : i32
  ;; CHECK-NEXT:  }
  (func $on_null (param (ref null $unary)) (result i32)
    (block $null
      (return (call_ref $unary (i32.const 1) (br_on_null $null (local.get 0)))))
    (i32.const 0))

  ;; CHECK-LABEL: @on_non_null(
  ;; CHECK-NEXT:    %1 = wasmir.ref.is_null %0 : !wasmir.ref<null @unary>
  ;; CHECK-NEXT:    wasmir.br_if %1, ^bb2, ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %2 = wasmir.ref.as_non_null %0 known : !wasmir.ref<null @unary> -> !wasmir.ref<@unary>
  ;; CHECK-NEXT:    wasmir.br ^bb3(%2 : !wasmir.ref<@unary>)
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %3 = wasmir.ref.as_non_null %0 : !wasmir.ref<null @unary> -> !wasmir.ref<@unary>
  ;; CHECK-NEXT:    wasmir.br ^bb3(%3 : !wasmir.ref<@unary>)
  ;; CHECK-NEXT:  ^bb3(%4: !wasmir.ref<@unary>):
  ;; CHECK-NEXT:    wasmir.return %4 : !wasmir.ref<@unary>
  ;; CHECK-NEXT:  }
  (func $on_non_null (param (ref null $unary)) (result (ref $unary))
    (block $found (result (ref $unary))
      (br_on_non_null $found (local.get 0))
      (ref.as_non_null (local.get 0))))
)
