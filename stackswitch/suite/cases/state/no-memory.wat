(module
  (import "env" "wait" (func $wait (result i64)))
  (func $inner (param $p i64) (result i64)
    (i64.sub (local.get $p) (call $wait)))
  (func (export "main") (param $p i64) (result i64)
    (i64.mul (call $inner (local.get $p)) (local.get $p))))
