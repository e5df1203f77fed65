(module
  (import "env" "wait" (func $wait))
  (memory $hidden 1)
  (memory $shown (export "memory") 1)
  (func (export "main") (result i32)
    (i32.store $hidden (i32.const 0) (i32.const 500))
    (call $wait)
    (i32.add (i32.load $hidden (i32.const 0)) (i32.load $shown (i32.const 0)))))
