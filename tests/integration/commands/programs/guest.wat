;; A step is counted in the first function and in the last: a build that runs one twice shows.
;; run(n) = (wait(n) + 1) * 2 + 3, by a direct call, a call through a table, and the import that waits.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (type $t (func (param i32) (result i32)))
  (table (export "table") 1 funcref)
  (elem (i32.const 0) $leaf)
  (global $steps (mut i32) (i32.const 0))
  (func $step (global.set $steps (i32.add (global.get $steps) (i32.const 1))))
  (func $leaf (param i32) (result i32)
    (call $step)
    (i32.add (i32.const 1) (call $wait (local.get 0))))
  (func $middle (param i32) (result i32)
    (i32.mul (i32.const 2) (call_indirect (type $t) (local.get 0) (i32.const 0))))
  (func $outer (export "run") (param i32) (result i32)
    (call $step)
    (i32.add (i32.const 3) (call $middle (local.get 0))))
  (func (export "steps") (result i32) (global.get $steps)))
