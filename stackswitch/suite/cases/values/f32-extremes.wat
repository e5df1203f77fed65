(module
  (import "env" "wait" (func $wait (param f32 f32) (result f32)))
  (memory (export "memory") 1)
  (func (export "main") (param $least f32) (param $most f32) (result f32)
    (f32.store (i32.const 0) (call $wait (local.get $least) (local.get $most)))
    (f32.store (i32.const 4) (local.get $most))
    (local.get $least)))
