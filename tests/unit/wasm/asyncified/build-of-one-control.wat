;;! why = "The first function that has the shape tells; stop_unwind and start_rewind, before it, do not have it."
;;! globals = [0, 1]
;;! instrumented = []
;;! suspending = []
(module
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_stop_unwind") (global.set $state (i32.const 0)) (drop (global.get $data)))
  (func (export "asyncify_start_rewind") (param i32)
    (global.set $state (i32.const 2)) (global.set $data (local.get 0)) (drop (global.get $data)))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data))))
