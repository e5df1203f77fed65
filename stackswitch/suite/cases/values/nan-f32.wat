(module
  (import "env" "wait" (func $wait))
  ;; Bits go in and out as integers: a NaN that crosses to JavaScript may lose its payload.
  (func (export "main") (param $bits i32) (result i32)
    (local $l f32)
    (local.set $l (f32.reinterpret_i32 (local.get $bits)))
    (call $wait)
    (i32.reinterpret_f32 (local.get $l))))
