(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $a (param i32))
  (tag $b (param i64 i64))
  (global $passed (export "passed") (mut i32) (i32.const 0))
  (global $got (mut i32) (i32.const 0))
  (func $leaf
    (global.set $got (call $wait))
    (throw $b (i64.const 1) (i64.const 2)))
  (func $mid
    (call $leaf)
    (global.set $passed (i32.const 1))) ;; never reached
  (func (export "main") (result i32)
    try (result i32)
      (call $mid)
      (i32.const -1)
    catch $a
      drop
      (i32.const -2)
    catch_all
      (i32.add (global.get $got) (i32.const 20))
    end))
