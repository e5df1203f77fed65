(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $last (param i32) (result i32)
    (i32.add (call $wait (local.get 0)) (local.get 0)))
  (func $first (param $p i32) (result i32)
    (return_call $last (i32.add (local.get $p) (i32.const 10))))
  (func (export "main") (param $p i32) (result i32)
    (i32.mul (call $first (local.get $p)) (i32.const 2))))
