(module
  (import "env" "wait" (func $wait (result i32)))
  (memory (export "memory") 1 1)
  (data (i32.const 65532) "\01\02\03\04")
  (func (export "load") (result i32)
    (i32.load (call $wait)))
  (func (export "store")
    (i32.store (call $wait) (i32.const -1))))
