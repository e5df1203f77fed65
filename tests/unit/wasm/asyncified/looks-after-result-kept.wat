;;! why = "The result may be kept in a local, by set or tee, or dropped, before the look."
;;! globals = [0, 1]
;;! instrumented = ["task"]
;;! suspending = ["wait", "second", "third"]
;;! looks = { task = [true, true, true] }
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "second" (func $second (result i32)))
  (import "env" "third" (func $third (result i32)))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (func $task (local i32)
    (block $unwind
      (local.set 0 (call $wait (i32.const 7))) (br_if $unwind (i32.eq (global.get $state) (i32.const 1)))
      (drop (call $second)) (br_if $unwind (i32.eq (global.get $state) (i32.const 1)))
      (drop (local.tee 0 (call $third))) (br_if $unwind (i32.eq (global.get $state) (i32.const 1)))
      (return))
    (i32.store (i32.load (global.get $data)) (i32.const 0))
  ))
