(module
  (import "env" "wait" (func $wait (result i32)))
  (func $first (@name "helper") (result i32)
    (i32.add (i32.mul (call $wait) (i32.const 10)) (i32.const 1)))
  (func $second (@name "helper") (result i32)
    (i32.add (i32.mul (call $first) (i32.const 10)) (i32.const 2)))
  (func $main (export "main") (result i32) (call $second)))
