(module
  (import "env" "wait" (func $wait (result i32)))
  ;; A v128 as parameter, result, local and operand of a function that waits; the export itself stays scalar.
  (func $inner (param $p v128) (result v128)
    (local $l v128)
    (local.set $l (i32x4.mul (local.get $p) (v128.const i32x4 10 10 10 10)))
    (i32x4.sub
      (local.get $l)                          ;; the operand: 10 20 30 40
      (i32x4.add
        (i32x4.splat (call $wait))            ;; 5 5 5 5
        (i32x4.add (local.get $p) (local.get $l)))))
  (func (export "main") (param $lane i32) (result i32)
    (local $v v128)
    (local.set $v (call $inner (v128.const i32x4 1 2 3 4)))
    ;; v = 10p - (5 + p + 10p) = -5 - p
    (if (i32.eq (local.get $lane) (i32.const 0)) (then (return (i32x4.extract_lane 0 (local.get $v)))))
    (if (i32.eq (local.get $lane) (i32.const 3)) (then (return (i32x4.extract_lane 3 (local.get $v)))))
    (i32.const 0)))
