(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (global $trail (export "trail") (mut i32) (i32.const 0))
  (func $inner (param $p i32) (result i32)
    (global.set $trail (i32.add (i32.mul (global.get $trail) (i32.const 10)) (i32.const 1)))
    (i32.add (call $wait (local.get $p)) (i32.const 1))   ;; the result, left on the stack
    (global.set $trail (i32.add (i32.mul (global.get $trail) (i32.const 10)) (i32.const 2))))
  (func (export "main") (param $p i32) (result i32)
    (call $inner (local.get $p))))
