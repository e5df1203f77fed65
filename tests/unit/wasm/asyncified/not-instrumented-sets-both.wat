;;! why = "To set the globals is not to read them."
;;! globals = [0, 1]
;;! instrumented = []
;;! suspending = []
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (func $task (global.set $state (i32.const 0)) (global.set $data (i32.const 0))))
