;; RUN: wasm-opt-py -p 'enter-loop{loop=1}' --verify each %s | filecheck %s

;; Functions with fewer loops stay as they are.

(module
  ;; CHECK:      wasmir.func index 0 slot 0 code_size {{[0-9]+}} @one()
  ;; CHECK-NOT:  loop 1
  (func $one (loop $again (br $again))))
