(module
  (import "env" "wait" (func $wait))
  ;; The NaN is an operand below the call here, not a local as in nan-f32.wat.
  (func (export "main") (param $bits i64) (result i64)
    (i64.reinterpret_f64
      (call $first
        (f64.reinterpret_i64 (local.get $bits))
        (block (result i32) (call $wait) (i32.const 0)))))
  (func $first (param f64 i32) (result f64) (local.get 0)))
