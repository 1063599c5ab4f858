(module
  (tag $error (param i32))
  (func $f (throw $error (i32.const 1))))
