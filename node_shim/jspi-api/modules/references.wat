;; References in a function that waits.
(module
  (import "env" "wait" (func $wait (param externref) (result externref)))
  (memory (export "memory") 1)
  (func (export "same") (param externref) (result externref)
    (call $wait (local.get 0))))
