(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "main") (param $p i32) (result i64)
    ;; 2^32 * p, both unsigned, plus the wait's result, unsigned
    (i64.add
      (i64.shl (i64.extend_i32_u (local.get $p)) (i64.const 32))
      (i64.extend_i32_u (call $wait (local.get $p))))))
