(module
  (import "env" "tick" (func $tick (result i32)))
  (import "env" "wait" (func $wait (result i32)))
  (func $digits (param i32 i32 i32) (result i32)
    (i32.add (i32.mul (local.get 0) (i32.const 100))
      (i32.add (i32.mul (local.get 1) (i32.const 10)) (local.get 2))))
  (func (export "main") (result i32)
    (call $digits (call $tick) (call $wait) (call $tick))))
