(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $left (result i32) (call $wait (i32.const 1)))
  (func $right (result i32) (call $wait (i32.const 2)))
  (func $leftmost (export "leftmost") (result i32) (call $left))
  (func $main (export "main") (result i32)
    (i32.add (i32.mul (call $left) (i32.const 10)) (call $right))))
