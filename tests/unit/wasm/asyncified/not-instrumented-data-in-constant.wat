;;! why = "The bytes of a read of the data inside a constant are no read."
;;! globals = [0, 1]
;;! instrumented = []
;;! suspending = []
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  ;; i32.const 0x23 and nop are the bytes 41 23 01.
  (func $task (if (global.get $state) (then (unreachable))) (i32.const 0x23) (nop) (drop)))
