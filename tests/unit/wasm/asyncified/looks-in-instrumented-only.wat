;;! why = "What a function that is not instrumented looks after does not count."
;;! globals = [0, 1]
;;! instrumented = []
;;! suspending = []
;;! looks = { scheduler = [true] }
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (func $scheduler
    (block $unwind (drop (call $wait (i32.const 7))) (br_if $unwind (i32.eq (global.get $state) (i32.const 1))))))
