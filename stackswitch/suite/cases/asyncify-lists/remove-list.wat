(module
  (import "env" "wait" (func $wait (result i32)))
  (func $sometimes (param $known i32) (result i32)
    (if (local.get $known) (then (return (local.get $known))))
    (call $wait))
  (func $main (export "main") (param $known i32) (result i32)
    (i32.add (i32.mul (call $wait) (i32.const 10)) (call $sometimes (local.get $known)))))
