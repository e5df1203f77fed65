(module
  (import "env" "wait" (func $wait (param f32) (result f32)))
  (func (export "main") (param $p f32) (result f32)
    (local $l f32)
    (local.set $l (f32.mul (local.get $p) (f32.const -4)))
    (f32.sub
      (f32.mul (local.get $p) (f32.const 1024)) ;; the operand
      (f32.div
        (call $wait (local.get $l))
        (local.get $l)))))
