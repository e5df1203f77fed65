(module
  (import "env" "wait" (func $wait))
  (global $flag (export "flag") (mut i32) (i32.const 1))
  (func (export "main") (result i32)
    (if (result i32) (global.get $flag)
      (then (call $wait) (i32.const 5))
      (else (i32.const -1)))))
