;;! why = "start_unwind checks the data block just after setting its address."
(module
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "asyncify_start_unwind") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $state))))
