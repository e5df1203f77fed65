;;! why = "The first instruction of a function may be the call."
;;! globals = [0, 1]
;;! instrumented = ["task"]
;;! suspending = ["wait"]
;;! looks = { task = [true] }
(module
  (import "env" "wait" (func $wait))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (func $task
    (call $wait) (if (i32.eq (global.get $state) (i32.const 1)) (then (unreachable)))
    (drop (i32.load (global.get $data)))))
