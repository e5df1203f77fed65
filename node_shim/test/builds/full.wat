;; No room at all: a memory that cannot grow, and no malloc.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1 1)
  (func (export "one") (param i32) (result i32)
    (i32.add (call $wait (local.get 0)) (i32.const 1))))
