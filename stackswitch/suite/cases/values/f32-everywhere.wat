(module
  (import "env" "wait" (func $wait (param f32) (result f32)))
  ;; p = 1 + 2^-23, and wait gives its argument back: both differences are 0, unless a last bit was lost.
  (func (export "main") (param $p f32) (result f32)
    (local $l f32)
    (local.set $l (f32.mul (local.get $p) (f32.const -4)))
    (f32.add
      (f32.mul (local.get $p) (f32.const 0x1p10))                ;; the operand, pushed before the wait
      (f32.mul (f32.const 0x1p30)
        (f32.add
          (f32.sub (call $wait (local.get $l)) (local.get $l))
          (f32.sub (local.get $p) (f32.const 0x1.000002p+0)))))))
