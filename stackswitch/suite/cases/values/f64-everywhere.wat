(module
  (import "env" "wait" (func $wait (param f64) (result f64)))
  (func (export "main") (param $p f64) (result f64)
    (local $l f64)
    (local.set $l (f64.mul (local.get $p) (f64.const -4)))
    (f64.sub
      (f64.mul (local.get $p) (f64.const 0x1p40)) ;; the operand; the result needs more than 24 bits of mantissa
      (f64.div
        (call $wait (local.get $l))
        (local.get $l)))))
