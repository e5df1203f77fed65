(module
  (import "env" "wait" (func $wait))
  (memory (export "memory") 1)
  (func (export "main") (result i32)
    (i32.store (i32.const 0) (i32.const 0x11111111))  ;; stays
    (i32.store (i32.const 4) (i32.const 0x22222222))  ;; the host overwrites it
    (call $wait)
    ;; the host wrote 8; read it, and write again what it wrote at 12
    (i32.store (i32.const 12) (i32.const 0x55555555))
    (i32.sub (i32.load (i32.const 8)) (i32.load (i32.const 4)))))
