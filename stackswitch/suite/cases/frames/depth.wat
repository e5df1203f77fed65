(module
  (import "env" "wait" (func $wait (result i32)))
  ;; n frames above the one that waits; each adds its own n when control comes back through it.
  (func $down (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (call $wait))
      (else (i32.add (call $down (i32.sub (local.get $n) (i32.const 1))) (local.get $n)))))
  (func (export "main") (param $n i32) (result i32)
    (call $down (local.get $n))))
