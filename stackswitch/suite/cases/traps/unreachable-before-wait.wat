(module
  (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (param $trap i32) (result i32)
    (if (local.get $trap) (then (unreachable)))
    (i32.add (call $wait) (i32.const 1))))
