(module
  (type $point (struct (field i32)))
  (func $f (drop (struct.new $point (i32.const 1)))))
