;; Suspends in two functions that are called through a table:.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (type $t (func (param i32) (result i32)))
  (table 2 funcref) (elem (i32.const 0) $leaf $other)
  (func $leaf (type $t) (i32.add (call $wait (local.get 0)) (i32.const 1)))
  (func $other (type $t) (i32.sub (call $wait (local.get 0)) (i32.const 1)))
  (func (export "run") (param i32) (result i32) (local $sum i32)
    (local.set $sum (call_indirect (type $t) (local.get 0) (i32.and (local.get 0) (i32.const 1))))
    (i32.add (local.get $sum) (call_indirect (type $t) (local.get 0) (i32.const 0)))))
