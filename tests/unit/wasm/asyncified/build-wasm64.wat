;;! why = "With 64-bit addresses start_unwind takes an i64."
;;! globals = [0, 1]
;;! instrumented = []
;;! suspending = []
(module
  (memory i64 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i64) (i64.const 0))
  (func (export "asyncify_start_unwind") (param i64)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data))))
