(module
  (import "env" "wait" (func $wait (param f64) (result f64)))
  (func (export "main") (param $p f64) (result f64)
    (local $r f64)
    (local.set $r (call $wait (local.get $p)))
    ;; a NaN is the only value that differs from itself
    (select (local.get $r) (f64.const 1)
      (i32.and
        (f64.ne (local.get $r) (local.get $r))
        (f64.ne (local.get $p) (local.get $p))))))
