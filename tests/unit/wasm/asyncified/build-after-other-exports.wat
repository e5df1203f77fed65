;;! why = "Exports before start_unwind, an imported function among them, do not end the search."
;;! globals = [0, 1]
;;! instrumented = []
;;! suspending = []
(module
  (import "env" "wait" (func $wait (param i32)))
  (export "again" (func $wait))
  (memory (export "memory") 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "first"))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data))))
