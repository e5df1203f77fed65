;;! why = "The globals are found by their use, not by their place."
;;! globals = [2, 1]
;;! instrumented = []
;;! suspending = []
(module
  (memory 1)
  (global (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0)) (global $state (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data))))
