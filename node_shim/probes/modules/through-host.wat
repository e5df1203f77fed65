;; wait is called from inner; outer calls inner directly, or by way of a host function.
(module
  (import "env" "wait" (func $wait (result i32)))
  (import "env" "back" (func $back (result i32)))
  (func (export "inner") (result i32) (call $wait))
  (func (export "outer") (result i32) (call $back)))
