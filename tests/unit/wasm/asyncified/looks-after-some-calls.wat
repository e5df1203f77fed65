;;! why = "Of two calls in a row only the one just before the look is one that may suspend."
;;! globals = [0, 1]
;;! instrumented = ["task"]
;;! suspending = ["wait"]
;;! looks = { task = [false, true, false] }
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "log" (func $log))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (func $task
    (block $unwind
      (call $log) (call $wait (i32.const 7)) (drop) (br_if $unwind (i32.eq (global.get $state) (i32.const 1))) (call $log)
      (return))
    (i32.store (i32.load (global.get $data)) (i32.const 0))
  ))
