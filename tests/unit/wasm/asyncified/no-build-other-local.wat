;;! why = "The data is set to the argument, not to a local of the function."
(module
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32) (local i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 1)) (drop (global.get $data))))
