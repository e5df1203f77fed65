(module
  (import "env" "wait" (func $wait (result i32)))
  (global $order (export "order") (mut i32) (i32.const 0)) ;; a digit for each call that resumed
  (func $work (result i32)
    (local $got i32)
    (local.set $got (call $wait))
    (global.set $order (i32.add (i32.mul (global.get $order) (i32.const 10)) (local.get $got)))
    (local.get $got))
  (func (export "main") (param $base i32) (result i32)
    (i32.add (local.get $base) (call $work))))
