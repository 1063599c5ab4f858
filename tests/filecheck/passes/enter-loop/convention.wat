;; RUN: wasm-opt-py -p 'enter-loop{loop=0}' --verify each -t llvm %s | filecheck %s

;; The function that begins at the loop has a symbol of its own, and takes what is live in the wasm
;; convention. It may call the function itself.

(module
  ;; CHECK:       define hidden i32 @"wasm[0]::loop_entry[0]"(ptr %0, ptr %1, i32 %2)
  ;; CHECK:       call i32 @"wasm[0]::function[0]"(
  (func $f (param $n i32) (result i32)
    (loop $again
      (drop (call $f (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n)))
