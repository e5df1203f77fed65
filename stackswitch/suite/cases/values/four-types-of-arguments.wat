(module
  (import "env" "wait" (func $wait (param f64 i32 f32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "main") (param $a i32) (param $b i64) (param $c f32) (param $d f64) (result i32)
    (call $wait (local.get $d) (local.get $a) (local.get $c) (local.get $b) (i32.const 6))
    (i32.store (i32.const 0) (local.get $a))
    (i64.store (i32.const 4) (local.get $b))
    (f32.store (i32.const 12) (local.get $c))
    (f64.store (i32.const 16) (local.get $d))))
