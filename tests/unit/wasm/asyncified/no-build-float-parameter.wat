;;! why = "start_unwind takes an address."
(module
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut f32) (f32.const 0))
  (func (export "asyncify_start_unwind") (param f32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data))))
