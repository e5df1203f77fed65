;;! why = "Calls of functions of the module are looked after too; these are no imports."
;;! globals = [0, 1]
;;! instrumented = ["task", "outer"]
;;! suspending = ["wait"]
;;! looks = { task = [true], outer = [true], inner = [] }
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func $inner (result i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (func $task
    (block $unwind
      (call $wait (i32.const 7)) (drop) (br_if $unwind (i32.eq (global.get $state) (i32.const 1)))
      (return))
    (i32.store (i32.load (global.get $data)) (i32.const 0))
  )
  (func $outer
    (block $unwind
      (call $inner) (drop) (br_if $unwind (i32.eq (global.get $state) (i32.const 1)))
      (return))
    (i32.store (i32.load (global.get $data)) (i32.const 0))
  ))
