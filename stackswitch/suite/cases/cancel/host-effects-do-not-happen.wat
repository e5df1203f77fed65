(module
  (import "env" "fill" (func $fill))
  (memory (export "memory") 1)
  (global $filled (export "filled") (mut i32) (i32.const 0))
  (func (export "main")
    (i32.store (i32.const 16) (i32.const 0x01020304))
    (call $fill))
  (func (export "peek") (result i32)
    (i32.load (i32.const 16))))
