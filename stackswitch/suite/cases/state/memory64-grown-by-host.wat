(module
  (import "env" "wait" (func $wait))
  (memory (export "memory") i64 1)
  (func (export "main") (result i64)
    (call $wait)
    (i32.store8 (i64.const 131071) (i32.const 40))
    (i64.add (memory.size) (i64.load8_u (i64.const 131071)))))
