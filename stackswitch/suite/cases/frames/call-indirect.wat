(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (table 3 funcref)
  (elem (i32.const 0) $plain $waits $plain)
  (func $plain (type $unary) (i32.const -1))
  (func $waits (type $unary)
    (i32.add (call $wait (local.get 0)) (local.get 0)))
  (func (export "main") (param $p i32) (result i32)
    (i32.mul
      (call_indirect (type $unary) (local.get $p) (i32.const 1))
      (i32.const 2))))
