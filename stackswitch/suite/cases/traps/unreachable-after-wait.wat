(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (global $reached (export "reached") (mut i32) (i32.const 0))
  (func (export "main") (param $trap i32) (result i32)
    (global.set $reached (i32.add (global.get $reached) (i32.const 1)))
    (if (call $wait (local.get $trap)) (then (unreachable)))
    (global.get $reached)))
