(module
  (import "env" "wait" (func $wait (result i32)))
  (func $pair (result i32)
    (local $first i32)
    (local.set $first (call $wait))
    (i32.sub (i32.mul (local.get $first) (i32.const 10)) (call $wait)))
  (func (export "main") (result i32)
    (i32.sub (call $pair) (i32.mul (call $pair) (i32.const 1000)))))
