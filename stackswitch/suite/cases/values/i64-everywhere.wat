(module
  (import "env" "wait" (func $wait (param i64) (result i64)))
  (func (export "main") (param $p i64) (result i64)
    (local $l i64)
    (local.set $l (i64.rotl (local.get $p) (i64.const 16)))
    (i64.or
      (i64.shl (local.get $p) (i64.const 48)) ;; the operand: top 16 bits
      (i64.or
        (call $wait (local.get $l))
        (i64.shl (local.get $l) (i64.const 16))))))
