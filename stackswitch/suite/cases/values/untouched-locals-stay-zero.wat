(module
  (import "env" "wait" (func $wait))
  ;; The first wait saves 0x5a bytes; the second one's locals were never set and must be zero all the same.
  (func $noisy
    (local $a i64) (local $b i64)
    (local.set $a (i64.const 0x5a5a5a5a5a5a5a5a))
    (local.set $b (i64.const 0x5a5a5a5a5a5a5a5a))
    (call $wait)
    (if (i64.ne (local.get $a) (local.get $b)) (then (unreachable))))
  (func $silent (result i64)
    (local $a i64) (local $b i64)
    (call $wait)
    (i64.or (local.get $a) (local.get $b)))
  (func (export "main") (result i64)
    (call $noisy)
    (call $silent)))
