;; A memory that cannot grow, and a malloc that has a place for one block.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "wait64" (func $wait64 (param i64) (result i64)))
  (memory (export "memory") 4 4)
  (global $next (export "next") (mut i32) (i32.const 65537))
  (func (export "malloc") (param i32) (result i32)
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get 0)))
    (if (i32.gt_u (global.get $next) (i32.const 262144)) (then (global.set $next (i32.sub (global.get $next) (local.get 0))) (return (i32.const 0)))))
  (func (export "one") (param i32) (result i32)
    (i32.add (call $wait (local.get 0)) (i32.const 1)))
  (func (export "wide") (param i64) (result i64)
    (i64.add (call $wait64 (local.get 0)) (i64.const 1))))
