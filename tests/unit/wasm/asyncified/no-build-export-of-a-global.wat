;;! why = "An export of another kind with the index of such a function is no function."
(module
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (export "data") (mut i32) (i32.const 0))
  (func)
  (func (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data))))
