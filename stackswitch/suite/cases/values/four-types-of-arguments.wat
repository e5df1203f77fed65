(module
  (import "env" "wait" (func $wait (param f64 i32 f32 i64 i32) (result i32)))
  (func (export "main") (param $a i32) (param $b i64) (param $c f32) (param $d f64) (result i64)
    (i64.add
      (i64.extend_i32_s (call $wait (local.get $d) (local.get $a) (local.get $c) (local.get $b) (i32.const 6)))
      (i64.add
        (i64.mul (local.get $b) (i64.const 1000))
        (i64.trunc_f64_s (f64.mul (local.get $d) (f64.promote_f32 (local.get $c))))))))
