(module
  (import "env" "wait" (func $wait (result i32 i64 f64)))
  (func (export "main") (result f64)
    (local $i i32) (local $l i64) (local $f f64)
    (call $wait)
    (local.set $f) (local.set $l) (local.set $i)
    ;; (i - l) / f
    (f64.div
      (f64.sub (f64.convert_i32_s (local.get $i)) (f64.convert_i64_s (local.get $l)))
      (local.get $f))))
