(module
  (import "env" "wait" (func $wait (result i32)))
  (import "env" "apply" (func $apply (result i32)))
  (func (export "inner") (result i32) (call $wait))
  (func (export "outer") (result i32) (call $apply)))
