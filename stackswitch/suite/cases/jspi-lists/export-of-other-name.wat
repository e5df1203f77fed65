(module
  (import "env" "wait" (func $wait (result i32)))
  (func $b (export "a") (result i32) (i32.add (i32.mul (call $wait) (i32.const 10)) (i32.const 1)))
  (func $a (export "b") (result i32) (i32.add (i32.mul (call $wait) (i32.const 10)) (i32.const 2))))
