;;! why = "A store 13 instructions behind the read of the data stores something else."
;;! globals = [0, 1]
;;! instrumented = []
;;! suspending = []
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (func $scheduler
    (global.set $state (global.get $state))
    (global.get $data)
    (nop) (nop) (nop) (nop) (nop) (nop) (nop) (nop) (nop) (nop) (nop)
    (i32.const 0) (i32.store)))
