(module
  (import "env" "wait" (func $wait (result i32)))
  (global $left (export "left") (mut i32) (i32.const 0))
  (func $main (export "main") (param $n i32) (result i32)
    (local $below i32)
    (if (i32.eqz (local.get $n)) (then (return (call $wait))))
    (local.set $below (call $main (i32.sub (local.get $n) (i32.const 1))))
    (global.set $left (i32.add (global.get $left) (i32.const 1)))
    (i32.add (local.get $below) (i32.const 1))))
