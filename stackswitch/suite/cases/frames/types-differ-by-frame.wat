(module
  (import "env" "wait" (func $wait (result i32)))
  ;; Four frames whose locals have 8, 4, 4 and 8 bytes, floats between integers.
  (func $d (param $x f64) (result f64) (f64.add (local.get $x) (f64.convert_i32_s (call $wait))))
  (func $c (param $x f32) (result f32)
    (f32.sub (local.get $x) (f32.demote_f64 (call $d (f64.promote_f32 (f32.mul (local.get $x) (f32.const 2)))))))
  (func $b (param $x i32) (result i32)
    (i32.add (local.get $x) (i32.trunc_f32_s (call $c (f32.convert_i32_s (i32.add (local.get $x) (i32.const 1)))))))
  (func (export "main") (param $x i64) (result i64)
    (i64.sub (local.get $x) (i64.extend_i32_s (call $b (i32.wrap_i64 (i64.sub (local.get $x) (i64.const 5))))))))
