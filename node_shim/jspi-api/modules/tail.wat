;; A tail call of what waits.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "tail") (param i32) (result i32)
    (return_call $wait (local.get 0))))
