(module
  (import "env" "wait" (func $wait (result i32)))
  (memory (export "memory") 1)
  (func (export "main") (result i32)
    (i32.store8 (i32.const 0) (call $wait))
    unreachable))
