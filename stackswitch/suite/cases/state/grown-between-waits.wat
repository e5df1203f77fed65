(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "main") (result i32)
    (local $was i32)
    (drop (call $wait (memory.size)))
    (local.set $was (memory.grow (i32.const 3)))      ;; 1
    (i32.store (i32.const 0x3fffc) (call $wait (memory.size)))
    (i32.add (local.get $was) (i32.load (i32.const 0x3fffc)))))
