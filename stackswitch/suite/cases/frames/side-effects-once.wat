(module
  (import "env" "wait" (func $wait))
  (global $trail (export "trail") (mut i64) (i64.const 0))
  ;; appends a decimal digit
  (func $mark (param $d i64)
    (global.set $trail (i64.add (i64.mul (global.get $trail) (i64.const 10)) (local.get $d))))
  (func $inner (call $mark (i64.const 3)) (call $wait) (call $mark (i64.const 4)))
  (func $middle (call $mark (i64.const 2)) (call $inner) (call $mark (i64.const 5)))
  (func (export "main") (call $mark (i64.const 1)) (call $middle) (call $mark (i64.const 6))))
