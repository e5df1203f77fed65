(module
  (import "env" "wait" (func $wait (result i32)))
  (global $g (mut i32) (i32.const 7))
  (func (export "set") (param $new i32) (result i32)
    (global.get $g)
    (global.set $g (local.get $new)))
  (func (export "main") (result i32)
    (i32.add
      (i32.mul (global.get $g) (i32.const 100))
      (i32.add (call $wait) (global.get $g)))))
