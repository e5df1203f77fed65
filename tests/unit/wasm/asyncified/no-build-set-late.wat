;;! why = "The state is set first of all."
(module
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (nop) (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data))))
