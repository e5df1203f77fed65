(module
  (import "env" "wait" (func $wait))
  (func (export "main") (param $p i32) (result i32)
    (local.set $p (i32.mul (local.get $p) (i32.const 3)))
    (call $wait)
    (local.set $p (i32.add (local.get $p) (i32.const 1)))
    (call $wait)
    (local.get $p)))
