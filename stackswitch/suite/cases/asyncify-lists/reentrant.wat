(module
  (import "env" "wait" (func $wait (result i32)))
  (import "env" "apply" (func $apply (result i32)))
  (func $inner_work (result i32) (call $wait))
  (func $inner (export "inner") (result i32) (call $inner_work))
  (func $outer_work (result i32) (call $apply))
  (func $outer (export "outer") (result i32) (call $outer_work)))
