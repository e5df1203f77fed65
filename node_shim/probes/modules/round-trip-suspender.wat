;; The round trip for the API in which the wasm code itself hands on the suspender.
(module
  (import "env" "wait" (func $wait (param externref i32) (result i32)))
  (type $t (func (param externref i32) (result i32)))
  (table 2 funcref) (elem (i32.const 0) $leaf $other)
  (func $leaf (type $t) (i32.add (call $wait (local.get 0) (local.get 1)) (i32.const 1)))
  (func $other (type $t) (i32.sub (call $wait (local.get 0) (local.get 1)) (i32.const 1)))
  (func (export "run") (param externref i32) (result i32) (local $sum i32)
    (local.set $sum
      (call_indirect (type $t) (local.get 0) (local.get 1) (i32.and (local.get 1) (i32.const 1))))
    (i32.add (local.get $sum) (call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 0)))))
