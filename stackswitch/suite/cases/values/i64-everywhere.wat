(module
  (import "env" "wait" (func $wait (param i64) (result i64)))
  (func (export "main") (param $p i64) (result i64)
    (local $l i64)
    (local.set $l (i64.rotl (local.get $p) (i64.const 48)))      ;; bits 48 to 63
    (i64.or
      (i64.rotl (local.get $p) (i64.const 32))                   ;; the operand: bits 32 to 47
      (i64.or
        (call $wait (local.get $l))                              ;; bits 16 to 31
        (i64.or (local.get $l) (local.get $p))))))               ;; bits 0 to 15
