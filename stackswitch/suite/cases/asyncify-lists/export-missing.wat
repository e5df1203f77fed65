(module
  (import "env" "wait" (func $wait (result i32)))
  (global $entered (export "entered") (mut i32) (i32.const 0))
  (func $work (result i32)
    (i32.add (i32.mul (call $wait) (i32.const 10)) (call $wait)))
  (func $main (export "main") (result i32)
    (global.set $entered (i32.add (global.get $entered) (i32.const 1)))
    (call $work)))
