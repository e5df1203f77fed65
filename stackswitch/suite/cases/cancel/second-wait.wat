(module
  (import "env" "wait" (func $wait))
  (global $progress (export "progress") (mut i32) (i32.const 0))
  (func (export "main")
    (global.set $progress (i32.const 1))
    (call $wait)
    (global.set $progress (i32.const 2))
    (call $wait)
    (global.set $progress (i32.const 3))))
