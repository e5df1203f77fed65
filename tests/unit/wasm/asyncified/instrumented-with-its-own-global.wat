;;! why = "It may set globals of its own; only the state tells a scheduler."
;;! globals = [0, 1]
;;! instrumented = ["task"]
;;! suspending = []
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (global $own (mut i32) (i32.const 0))
  (func $task
    (block $unwind
      (call $wait (i32.const 7)) (global.set $own) (br_if $unwind (i32.eq (global.get $state) (i32.const 1)))
      (return))
    (drop (i32.load (global.get $data)))
  ))
