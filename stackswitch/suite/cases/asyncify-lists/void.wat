(module
  (import "env" "wait" (func $wait (result i32)))
  (global $got (export "got") (mut i32) (i32.const 0))
  (global $mids (export "mids") (mut i32) (i32.const 0))
  (func $leaf (global.set $got (call $wait)))
  (func $mid
    (global.set $mids (i32.add (global.get $mids) (i32.const 1)))
    (call $leaf))
  (func $main (export "main") (call $mid)))
