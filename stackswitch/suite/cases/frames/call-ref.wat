(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (elem declare func $waits)
  ;; mutable, so that nobody can know at build time what is called
  (global $f (mut (ref null $unary)) (ref.null $unary))
  (global $runs (export "runs") (mut i32) (i32.const 0))
  (func $waits (type $unary)
    (i32.add (call $wait (local.get 0)) (local.get 0)))
  (func $begin
    (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
    (global.set $f (ref.func $waits)))
  (func (export "main") (param $p i32) (result i32)
    (call $begin)
    (i32.mul (call_ref $unary (local.get $p) (global.get $f)) (i32.const 2))))
