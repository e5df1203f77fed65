(module
  (import "env" "wait" (func $wait (result funcref)))
  (type $unary (func (param i32) (result i32)))
  (table $t 2 funcref)
  (func (export "double") (type $unary) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "square") (type $unary) (i32.mul (local.get 0) (local.get 0)))
  (func (export "main") (param $p i32) (result i32)
    (table.set $t (i32.const 1) (call $wait))
    (call_indirect $t (type $unary) (local.get $p) (i32.const 1))))
