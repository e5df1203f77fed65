(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (tag $e (param i32))
  (global $calls (export "calls") (mut i32) (i32.const 0))
  (func (export "main") (param $throw i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (call $wait (local.get $throw))
      (then (throw $e (i32.const 5))))
    (global.get $calls)))
