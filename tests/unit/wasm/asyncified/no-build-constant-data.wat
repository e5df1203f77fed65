;;! why = "The data is set to the argument, not to a constant."
(module
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (i32.const 0)) (drop (global.get $data))))
