(module
  (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (param $p i64) (result i32 i64 f32 f64)
    (i32.const 1)                     ;; pushed before the wait
    (i64.mul (local.get $p) (i64.const 2))
    (f32.convert_i32_s (call $wait))
    (f64.const 0.125)))
