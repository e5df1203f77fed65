(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (elem declare func $plain)
  (func $plain (type $unary) (i32.mul (local.get 0) (i32.const 2)))
  ;; call_ref in a frame of its own, gone before the wait
  (func $apply (param i32) (result i32) (call_ref $unary (local.get 0) (ref.func $plain)))
  (func (export "main") (param $p i32) (result i32)
    (i32.add (call $apply (local.get $p)) (call $wait (call $apply (local.get $p))))))
