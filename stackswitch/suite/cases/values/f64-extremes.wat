(module
  (import "env" "wait" (func $wait (param f64 f64) (result f64)))
  (memory (export "memory") 1)
  (func (export "main") (param $least f64) (param $most f64) (result f64)
    (f64.store (i32.const 0) (call $wait (local.get $least) (local.get $most)))
    (f64.store (i32.const 8) (local.get $most))
    (local.get $least)))
