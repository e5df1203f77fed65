(module
  (import "env" "wait" (func $wait (param f32 f64) (result f64)))
  (memory (export "memory") 1)
  (func (export "main") (param $p f64) (result f64)
    (local $l f32)
    (local.set $l (f32.demote_f64 (local.get $p)))
    ;; 1 / -0 is -inf, 1 / 0 is +inf
    (f64.store (i32.const 0) (f64.div (f64.const 1) (call $wait (local.get $l) (local.get $p))))
    (f32.store (i32.const 8) (local.get $l))
    (local.get $p)))
