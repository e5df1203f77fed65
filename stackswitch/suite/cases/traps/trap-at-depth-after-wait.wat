(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (global $left (export "left") (mut i32) (i32.const 0))
  (func $main (export "main") (param $n i32) (param $trap i32)
    (if (local.get $n)
      (then (call $main (i32.sub (local.get $n) (i32.const 1)) (local.get $trap)))
      (else (if (call $wait (local.get $trap)) (then (unreachable)))))
    (global.set $left (i32.add (global.get $left) (i32.const 1)))))
