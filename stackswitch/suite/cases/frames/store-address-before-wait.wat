(module
  (import "env" "wait" (func $wait (result i32)))
  (memory (export "memory") 1)
  (global $at (export "at") (mut i32) (i32.const 16))
  (func (export "main")
    (i32.store offset=4 (global.get $at) (call $wait))
    (i32.store8 (global.get $at) (i32.const 0x77))))
