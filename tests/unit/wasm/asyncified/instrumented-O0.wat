;;! why = "Without optimisation the state is compared with 1 as the condition of an if."
;;! globals = [0, 1]
;;! instrumented = ["task"]
;;! suspending = ["wait"]
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (func $task (local i32)
    (block $unwind
      (call $wait (i32.const 7)) (local.set 0) (if (i32.eq (global.get $state) (i32.const 1)) (then (br $unwind)))
      (return))
    (i32.store (i32.load (global.get $data)) (i32.const 0))
  ))
