;; A start function that waits.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $start (drop (call $wait (i32.const 1))))
  (start $start))
