(module
  (import "env" "wait" (func $wait (result i32)))
  (func $fetch (result i32) (call $wait))
  (func $main (export "main") (result i32)
    (i32.add (i32.mul (call $fetch) (i32.const 10)) (i32.const 1))))
