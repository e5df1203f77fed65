(module
  (import "env" "wait" (func $wait (param f64) (result f64)))
  ;; p = 1 + 2^-52, and wait gives its argument back: both differences are 0, unless a last bit was lost.
  (func (export "main") (param $p f64) (result f64)
    (local $l f64)
    (local.set $l (f64.mul (local.get $p) (f64.const -4)))
    (f64.add
      (f64.mul (local.get $p) (f64.const 0x1p40))                ;; the operand, pushed before the wait
      (f64.mul (f64.const 0x1p60)
        (f64.add
          (f64.sub (call $wait (local.get $l)) (local.get $l))
          (f64.sub (local.get $p) (f64.const 0x1.0000000000001p+0)))))))
