;;! why = "With optimisation the call's number lies between the call and the look at the state."
;;! globals = [0, 1]
;;! instrumented = ["task"]
;;! suspending = ["wait"]
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (func $task (param i32) (result i32)
    (i32.store
      (i32.load (global.get $data))
      (block $unwind (result i32)
        (local.set 0 (call $wait (local.get 0)))
        (drop (br_if $unwind (i32.const 0) (i32.eq (global.get $state) (i32.const 1))))
        (return (local.get 0))))
    (i32.const 0)))
