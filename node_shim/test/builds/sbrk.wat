;; A guest that takes the pages of its memory for its own, as `sbrk` does, and exports no malloc.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1 100)
  (func (export "room") (result i32)
    (i32.mul (memory.size) (i32.const 65536)))
  (func (export "one") (param i32) (result i32)
    (i32.add (call $wait (local.get 0)) (i32.const 1))))
