;; BLESS
;; RUN: wasm-opt-py %s | wasm-opt-py -f mlir -t wat | filecheck %s

;; A call in a try_table gets a try_table of its own; its tag is asked for by throwing it again.

(module
  (tag $e (param i32))
  (func $throws (param i32) (throw $e (local.get 0)))
  ;; CHECK-LABEL: (func $catches
  ;; CHECK-NEXT:    (local exnref exnref)
  ;; CHECK-NEXT:    ref.null exn
  ;; CHECK-NEXT:    local.set 2
  ;; CHECK-NEXT:    block
  ;; CHECK-NEXT:      block (result (ref exn))
  ;; CHECK-NEXT:        try_table (catch_all_ref 0)
  ;; CHECK-NEXT:          local.get 0
  ;; CHECK-NEXT:          call $throws
  ;; CHECK-NEXT:          br 2
  ;; CHECK-NEXT:        end
  ;; CHECK-NEXT:        unreachable
  ;; CHECK-NEXT:      end
  ;; CHECK-NEXT:      local.set 2
  ;; CHECK-NEXT:    end
  ;; CHECK-NEXT:    local.get 2
  ;; CHECK-NEXT:    ref.is_null
  ;; CHECK-NEXT:    i32.eqz
  ;; CHECK-NEXT:    if
  ;; CHECK-NEXT:      local.get 2
  ;; CHECK-NEXT:      ref.as_non_null
  ;; CHECK-NEXT:      local.set 1
  ;; CHECK-NEXT:      block (result i32)
  ;; CHECK-NEXT:        block
  ;; CHECK-NEXT:          block (result i32)
  ;; CHECK-NEXT:            try_table (catch $e 0) (catch_all 1)
  ;; CHECK-NEXT:              local.get 1
  ;; CHECK-NEXT:              ref.as_non_null
  ;; CHECK-NEXT:              throw_ref
  ;; CHECK-NEXT:            end
  ;; CHECK-NEXT:            unreachable
  ;; CHECK-NEXT:          end
  ;; CHECK-NEXT:          drop
  ;; CHECK-NEXT:          i32.const 1
  ;; CHECK-NEXT:          br 1
  ;; CHECK-NEXT:        end
  ;; CHECK-NEXT:        i32.const 0
  ;; CHECK-NEXT:      end
  ;; CHECK-NEXT:      if
  ;; CHECK-NEXT:        block (result i32)
  ;; CHECK-NEXT:          try_table (catch $e 0)
  ;; CHECK-NEXT:            local.get 1
  ;; CHECK-NEXT:            ref.as_non_null
  ;; CHECK-NEXT:            throw_ref
  ;; CHECK-NEXT:          end
  ;; CHECK-NEXT:          unreachable
  ;; CHECK-NEXT:        end
  ;; CHECK-NEXT:        local.set 0
  ;; CHECK-NEXT:      else
  ;; CHECK-NEXT:        local.get 1
  ;; CHECK-NEXT:        ref.as_non_null
  ;; CHECK-NEXT:        throw_ref
  ;; CHECK-NEXT:      end
  ;; CHECK-NEXT:    else
  ;; CHECK-NEXT:      i32.const 1
  ;; CHECK-NEXT:      local.set 0
  ;; CHECK-NEXT:    end
  ;; CHECK-NEXT:    local.get 0)
  (func $catches (param $a i32) (result i32)
    (block $h (result i32)
      (try_table (catch $e $h) (call $throws (local.get $a)))
      (i32.const 1))))
