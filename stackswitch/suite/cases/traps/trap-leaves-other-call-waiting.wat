(module
  (import "env" "wait" (func $wait (result i32)))
  (func $divide (param $x i32) (result i32)
    (i32.div_u (local.get $x) (call $wait)))
  (func (export "main") (param $x i32) (result i32)
    (call $divide (local.get $x))))
