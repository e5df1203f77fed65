(module
  (import "net" "read" (func $read (param i32) (result i32)))
  (import "disk" "read" (func $load (param i32) (result i32)))
  (func (export "main") (param $rounds i32) (result i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 2)) (call $read (local.get $rounds))))
      (local.set $sum (i32.sub (i32.mul (local.get $sum) (i32.const 3)) (call $load (local.get $sum))))
      (br_if $next (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum)))
