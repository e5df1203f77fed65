(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $digits (param i32 i32 i32) (result i32)
    (i32.add (i32.mul (local.get 0) (i32.const 100))
      (i32.add (i32.mul (local.get 1) (i32.const 10)) (local.get 2))))
  (func (export "main") (result i32)
    ;; The callee waits too, and its parameters come from waits.
    (call $digits
      (call $wait (call $digits (call $wait (i32.const 1)) (call $wait (i32.const 2)) (call $wait (i32.const 3))))
      (call $wait (i32.const 5))
      (call $wait (i32.const 6)))))
