(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "main") (param $p i32) (result i32)
    (i32.add (call $wait (local.get $p)) (i32.const 1))))
