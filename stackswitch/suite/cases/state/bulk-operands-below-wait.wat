(module
  (import "env" "wait" (func $wait (result i32)))
  (memory (export "memory") 1)
  (data $text "hello, stack")
  (func (export "main")
    (memory.init $text (i32.const 16) (i32.const 7) (call $wait))      ;; the length is waited for: 5
    (memory.fill (i32.const 24) (call $wait) (i32.const 3))            ;; the byte is: 0x2e
    (memory.copy (call $wait) (i32.const 16) (i32.const 3))))          ;; the destination is: 32
