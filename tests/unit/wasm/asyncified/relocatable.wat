;;! why = "A relocatable build imports the globals, and needs no control functions."
;;! globals = [0, 1]
;;! instrumented = ["task"]
;;! suspending = ["wait"]
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "__asyncify_state" (global $state (mut i32)))
  (import "env" "__asyncify_data" (global $data (mut i32)))
  (memory 1)
  (func $task
    (block $unwind
      (call $wait (i32.const 7)) (drop) (br_if $unwind (i32.eq (global.get $state) (i32.const 1)))
      (return))
    (i32.store (i32.load (global.get $data)) (i32.const 0))
  ))
