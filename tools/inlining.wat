;; Programs whose time is in small functions, as compilers of languages with many of them leave them.
(module
  (memory 4)

  ;; Character classes: words of a text, each character through predicates that call predicates.
  (func $is_lower (param i32) (result i32)
    (i32.lt_u (i32.sub (local.get 0) (i32.const 97)) (i32.const 26)))
  (func $is_upper (param i32) (result i32)
    (i32.lt_u (i32.sub (local.get 0) (i32.const 65)) (i32.const 26)))
  (func $is_digit (param i32) (result i32)
    (i32.lt_u (i32.sub (local.get 0) (i32.const 48)) (i32.const 10)))
  (func $is_alpha (param i32) (result i32)
    (i32.or (call $is_lower (local.get 0)) (call $is_upper (local.get 0))))
  (func $is_word (param i32) (result i32)
    (if (call $is_alpha (local.get 0)) (then (return (i32.const 1))))
    (i32.or (call $is_digit (local.get 0)) (i32.eq (local.get 0) (i32.const 95))))
  (func $fill (param $seed i32)
    (local $at i32)
    (loop $next
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1103515245)) (i32.const 12345)))
      (i32.store8 (local.get $at)
        (i32.add (i32.and (i32.shr_u (local.get $seed) (i32.const 16)) (i32.const 95)) (i32.const 32)))
      (br_if $next
        (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 10000)))))
  (func (export "words") (param $rounds i32) (result i32)
    (local $at i32) (local $words i32) (local $inside i32) (local $was i32)
    (call $fill (i32.const 7))
    (loop $again
      (local.set $at (i32.const 0))
      (loop $next
        (local.set $was (local.get $inside))
        (local.set $inside (call $is_word (i32.load8_u (local.get $at))))
        (local.set $words
          (i32.add (local.get $words) (i32.gt_u (local.get $inside) (local.get $was))))
        (br_if $next
          (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 10000))))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $words))

  ;; Like RSA: powers of numbers of 32 words, multiplied word by word with a carry.
  (func $word (param $number i32) (param $index i32) (result i64)
    (i64.load32_u (i32.add (local.get $number) (i32.shl (local.get $index) (i32.const 2)))))
  (func $set_word (param $number i32) (param $index i32) (param $value i64)
    (i64.store32 (i32.add (local.get $number) (i32.shl (local.get $index) (i32.const 2)))
      (local.get $value)))
  (func $step (param $a i64) (param $b i64) (param $sum i64) (param $carry i64)
    (result i64 i64)
    (local $all i64)
    (local.set $all (i64.add (i64.mul (local.get $a) (local.get $b))
      (i64.add (local.get $sum) (local.get $carry))))
    (i64.and (local.get $all) (i64.const 0xffffffff))
    (i64.shr_u (local.get $all) (i64.const 32)))
  (func $multiply (param $to i32) (param $a i32) (param $b i32)
    (local $i i32) (local $j i32) (local $carry i64) (local $low i64)
    (loop $outer
      (local.set $carry (i64.const 0))
      (local.set $j (i32.const 0))
      (loop $inner
        (call $step
          (call $word (local.get $a) (local.get $i)) (call $word (local.get $b) (local.get $j))
          (call $word (local.get $to) (i32.add (local.get $i) (local.get $j))) (local.get $carry))
        (local.set $carry)
        (local.set $low)
        (call $set_word (local.get $to) (i32.add (local.get $i) (local.get $j)) (local.get $low))
        (br_if $inner
          (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 32))))
      (call $set_word (local.get $to) (i32.add (local.get $i) (i32.const 32)) (local.get $carry))
      (br_if $outer
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 32)))))
  (func (export "modpow") (param $rounds i32) (result i64)
    (call $fill (i32.const 3))
    (loop $again
      (call $multiply (i32.const 1024) (i32.const 0) (i32.const 128))
      (call $multiply (i32.const 512) (i32.const 1024) (i32.const 128))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i64.load (i32.const 600)))

  ;; CSV: fields with quotes, one character at a time from a cursor in memory, numbers summed up.
  (global $cursor (mut i32) (i32.const 0))
  (func $peek (result i32) (i32.load8_u (global.get $cursor)))
  (func $advance (global.set $cursor (i32.add (global.get $cursor) (i32.const 1))))
  (func $at_end (result i32) (i32.ge_u (global.get $cursor) (i32.const 10000)))
  (func $accept (param $char i32) (result i32)
    (if (i32.ne (call $peek) (local.get $char)) (then (return (i32.const 0))))
    (call $advance) (i32.const 1))
  (func $ends_field (param i32) (result i32)
    (i32.or (i32.eq (local.get 0) (i32.const 44)) (i32.eq (local.get 0) (i32.const 59))))
  (func $field (result i32)
    (local $value i32) (local $quoted i32) (local $char i32)
    (local.set $quoted (call $accept (i32.const 34)))
    (block $done
      (loop $next
        (br_if $done (call $at_end))
        (local.set $char (call $peek))
        (br_if $done (i32.and (call $ends_field (local.get $char)) (i32.eqz (local.get $quoted))))
        (br_if $done (i32.and (i32.eq (local.get $char) (i32.const 34)) (local.get $quoted)))
        (if (call $is_digit (local.get $char))
          (then (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 10))
            (i32.sub (local.get $char) (i32.const 48))))))
        (call $advance)
        (br $next)))
    (call $advance)
    (local.get $value))
  (func (export "csv") (param $rounds i32) (result i32)
    (local $sum i32)
    (call $fill (i32.const 11))
    (loop $again
      (global.set $cursor (i32.const 0))
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (call $field)))
        (br_if $next (i32.eqz (call $at_end))))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum))

  ;; A tree walked by recursion, which stays a call, with small functions at each node.
  (func $left (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
  (func $right (param i32) (result i32) (i32.or (call $left (local.get 0)) (i32.const 1)))
  (func $value (param i32) (result i32) (i32.load8_u (i32.and (local.get 0) (i32.const 8191))))
  (func $visit (export "visit") (param $depth i32) (result i32) (call $node (i32.const 1) (local.get $depth)))
  (func $node (param $node i32) (param $depth i32) (result i32)
    (if (i32.eqz (local.get $depth)) (then (return (call $value (local.get $node)))))
    (i32.add (call $value (local.get $node))
      (i32.add
        (call $node (call $left (local.get $node)) (i32.sub (local.get $depth) (i32.const 1)))
        (call $node (call $right (local.get $node)) (i32.sub (local.get $depth) (i32.const 1))))))

  ;; A table of numbers looked up by their hash. `$hash` is called often and in no loop, `$report` in a
  ;; loop that nothing reaches: where the time goes, only counts of calls say.
  (func $hash (param $n i32) (param $round i32) (result i32)
    (local.set $n (i32.mul (i32.xor (local.get $n) (local.get $round)) (i32.const 0x85ebca6b)))
    (local.set $n (i32.xor (local.get $n) (i32.shr_u (local.get $n) (i32.const 13))))
    (local.set $n (i32.mul (local.get $n) (i32.const 0xc2b2ae35)))
    (local.set $n (i32.xor (local.get $n) (i32.shr_u (local.get $n) (i32.const 16))))
    (local.set $n (i32.xor (local.get $n) (i32.shl (local.get $n) (i32.const 5))))
    (local.set $n (i32.add (local.get $n) (i32.rotl (local.get $n) (i32.const 9))))
    (i32.and (local.get $n) (i32.const 0x3fffc)))
  (func $report (param $at i32)
    (i32.store (local.get $at) (i32.const 1)) (i32.store offset=4 (local.get $at) (i32.const 2))
    (i32.store offset=8 (local.get $at) (i32.const 3)) (i32.store offset=12 (local.get $at) (i32.const 4))
    (i32.store offset=16 (local.get $at) (i32.const 5)) (i32.store offset=20 (local.get $at) (i32.const 6))
    (i32.store offset=24 (local.get $at) (i32.const 7)) (i32.store offset=28 (local.get $at) (i32.const 8))
    (i32.store offset=32 (local.get $at) (i32.const 9)) (i32.store offset=36 (local.get $at) (i32.const 0)))
  (func $check (param $at i32)
    (if (i32.gt_u (local.get $at) (i32.const 0x3fffc)) (then
      (loop $all
        (call $report (local.get $at))
        (br_if $all (local.tee $at (i32.sub (local.get $at) (i32.const 4))))))))
  (func $find (param $n i32) (param $tries i32) (result i32)
    (local $at i32)
    (local.set $at (call $hash (local.get $n) (i32.const 1)))
    (call $check (local.get $at))
    (if (i32.eqz (i32.load (local.get $at))) (then (return (local.get $at))))
    (local.set $at (call $hash (local.get $n) (i32.const 2)))
    (call $check (local.get $at))
    (if (i32.eqz (i32.load (local.get $at))) (then (return (local.get $at))))
    (if (i32.eqz (local.get $tries)) (then (return (local.get $at))))
    (call $find (call $hash (local.get $at) (local.get $n)) (i32.sub (local.get $tries) (i32.const 1))))
  (func (export "find") (param $count i32) (result i32)
    (local $sum i32)
    (local.set $count (i32.mul (local.get $count) (i32.const 1000)))
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (call $find (local.get $count) (i32.const 3))))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum)))
