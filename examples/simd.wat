;; Four SIMD programs; each export runs its loop N times over data in memory and returns a check sum.
(module
  (memory (export "memory") 16)

  ;; A hash of 64 KiB in four lanes: multiply, rotate, fold.
  (func (export "hash") (param $n i32) (result i32)
    (local $at i32) (local $h v128) (local $v v128)
    (local.set $h (v128.const i32x4 0x9e3779b1 0x85ebca77 0xc2b2ae3d 0x27d4eb2f))
    (loop $again
      (local.set $at (i32.const 0))
      (loop $next
        (local.set $v (i32x4.add (local.get $h)
          (i32x4.mul (v128.load (local.get $at))
            (v128.const i32x4 0x85ebca77 0x85ebca77 0x85ebca77 0x85ebca77))))
        (local.set $v (v128.or (i32x4.shl (local.get $v) (i32.const 13))
          (i32x4.shr_u (local.get $v) (i32.const 19))))
        (local.set $h (i32x4.mul (local.get $v)
          (v128.const i32x4 0x9e3779b1 0x9e3779b1 0x9e3779b1 0x9e3779b1)))
        (local.set $v (v128.xor (local.get $h)
          (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3 (local.get $h) (local.get $h))))
        (v128.store (local.get $at) (i8x16.add (local.get $v) (v128.load (local.get $at))))
        (br_if $next (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 16))) (i32.const 65536))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.xor
      (i32.xor (i32x4.extract_lane 0 (local.get $h)) (i32x4.extract_lane 1 (local.get $h)))
      (i32.xor (i32x4.extract_lane 2 (local.get $h)) (i32x4.extract_lane 3 (local.get $h)))))

  ;; An image filter: each pixel of a row of 64 KiB becomes (1 * left + 2 * own + 1 * right + 2) / 4,
  ;; brightened by 3, with saturation.
  (func (export "filter") (param $n i32) (result i32)
    (local $at i32) (local $low v128) (local $high v128) (local $sum v128)
    (local $left v128) (local $own v128) (local $right v128)
    (loop $again
      (local.set $at (i32.const 131072))
      (loop $next
        (local.set $left (v128.load (i32.sub (local.get $at) (i32.const 1))))
        (local.set $own (v128.load (local.get $at)))
        (local.set $right (v128.load (i32.add (local.get $at) (i32.const 1))))
        (local.set $low (i16x8.add
          (i16x8.add (i16x8.extend_low_i8x16_u (local.get $left))
            (i16x8.extend_low_i8x16_u (local.get $right)))
          (i16x8.extmul_low_i8x16_u (local.get $own) (i8x16.splat (i32.const 2)))))
        (local.set $high (i16x8.add
          (i16x8.add (i16x8.extend_high_i8x16_u (local.get $left))
            (i16x8.extend_high_i8x16_u (local.get $right)))
          (i16x8.extmul_high_i8x16_u (local.get $own) (i8x16.splat (i32.const 2)))))
        (v128.store offset=131072 (local.get $at)
          (i8x16.add_sat_u
            (i8x16.narrow_i16x8_u
              (i16x8.shr_u (i16x8.add (local.get $low) (i16x8.splat (i32.const 2))) (i32.const 2))
              (i16x8.shr_u (i16x8.add (local.get $high) (i16x8.splat (i32.const 2))) (i32.const 2)))
            (i8x16.splat (i32.const 3))))
        (local.set $sum (i64x2.add (local.get $sum)
          (i64x2.extend_low_i32x4_u (i32x4.extadd_pairwise_i16x8_u
            (i16x8.extadd_pairwise_i8x16_u (v128.load offset=131072 (local.get $at)))))))
        (br_if $next (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 16))) (i32.const 196608))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.wrap_i64 (i64.add (i64x2.extract_lane 0 (local.get $sum))
      (i64x2.extract_lane 1 (local.get $sum)))))

  ;; Base64 of 48 KiB: twelve bytes become sixteen characters.
  (func (export "base64") (param $n i32) (result i32)
    (local $from i32) (local $to i32) (local $v v128) (local $index v128) (local $check v128)
    (loop $again
      (local.set $from (i32.const 0))
      (local.set $to (i32.const 524288))
      (loop $next
        (local.set $v (i8x16.swizzle (v128.load (local.get $from))
          (v128.const i8x16 1 0 2 1 4 3 5 4 7 6 8 7 10 9 11 10)))
        ;; Six bits of each byte of a group, moved into bytes of their own.
        (local.set $index (v128.or
          (v128.or
            (v128.and (i32x4.shr_u (local.get $v) (i32.const 10)) (i32x4.splat (i32.const 0x3f)))
            (v128.and (i32x4.shl (local.get $v) (i32.const 4)) (i32x4.splat (i32.const 0x3f00))))
          (v128.or
            (v128.and (i32x4.shr_u (local.get $v) (i32.const 6)) (i32x4.splat (i32.const 0x3f0000)))
            (v128.and (i32x4.shl (local.get $v) (i32.const 8)) (i32x4.splat (i32.const 0x3f000000))))))
        ;; The distance from a number to its character is found by range.
        (local.set $v (i8x16.add (local.get $index)
          (i8x16.swizzle
            (v128.const i8x16 71 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -19 -16 65 0 0)
            (v128.or
              (i8x16.sub_sat_u (local.get $index) (i8x16.splat (i32.const 51)))
              (v128.and (i8x16.lt_s (local.get $index) (i8x16.splat (i32.const 26)))
                (i8x16.splat (i32.const 13)))))))
        (v128.store (local.get $to) (local.get $v))
        (local.set $check (i8x16.add (local.get $check) (local.get $v)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br_if $next (i32.lt_u
          (local.tee $from (i32.add (local.get $from) (i32.const 12))) (i32.const 49152))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i8x16.bitmask (local.get $check)))

  ;; The product of two matrices of 64 x 64 floats, four columns at a time.
  (func (export "matrix") (param $n i32) (result f32)
    (local $row i32) (local $column i32) (local $k i32) (local $a i32) (local $b i32)
    (local $s v128) (local $t v128)
    (loop $fill
      (f32.store offset=262144 (local.get $k) (f32.convert_i32_s (i32.rem_u (local.get $k) (i32.const 7))))
      (f32.store offset=278528 (local.get $k) (f32.convert_i32_s (i32.rem_u (local.get $k) (i32.const 5))))
      (br_if $fill (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 4))) (i32.const 16384))))
    (loop $again
      (local.set $row (i32.const 0))
      (loop $rows
        (local.set $column (i32.const 0))
        (loop $columns
          (local.set $s (v128.const f32x4 0 0 0 0))
          (local.set $t (v128.const f32x4 0 0 0 0))
          (local.set $a (i32.mul (local.get $row) (i32.const 256)))
          (local.set $b (i32.mul (local.get $column) (i32.const 4)))
          (local.set $k (i32.const 64))
          (loop $inner
            (local.set $s (f32x4.add (local.get $s) (f32x4.mul
              (v128.load32_splat offset=262144 (local.get $a))
              (v128.load offset=278528 (local.get $b)))))
            (local.set $t (f32x4.add (local.get $t) (f32x4.mul
              (v128.load32_splat offset=262148 (local.get $a))
              (v128.load offset=278784 (local.get $b)))))
            (local.set $a (i32.add (local.get $a) (i32.const 8)))
            (local.set $b (i32.add (local.get $b) (i32.const 512)))
            (br_if $inner (local.tee $k (i32.sub (local.get $k) (i32.const 2)))))
          (v128.store offset=294912
            (i32.add (i32.mul (local.get $row) (i32.const 256)) (i32.mul (local.get $column) (i32.const 4)))
            (f32x4.add (local.get $s) (local.get $t)))
          (br_if $columns (i32.lt_u
            (local.tee $column (i32.add (local.get $column) (i32.const 4))) (i32.const 64))))
        (br_if $rows (i32.lt_u
          (local.tee $row (i32.add (local.get $row) (i32.const 1))) (i32.const 64))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (f32.load offset=294912 (i32.const 16380))))
