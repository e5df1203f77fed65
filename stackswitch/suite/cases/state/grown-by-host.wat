(module
  (import "env" "wait" (func $wait))
  (memory (export "memory") 1)
  (func (export "main") (result i32)
    (local $before i32)
    (local.set $before (memory.size))
    (i32.store (i32.const 65532) (i32.const 7))
    (call $wait)
    ;; the last word of the third page: a base or bound kept from before the wait would trap
    (i32.store (i32.const 196604) (i32.load (i32.const 65532)))
    (i32.add
      (i32.mul (local.get $before) (i32.const 100))
      (i32.add (i32.mul (memory.size) (i32.const 10)) (i32.load (i32.const 196604))))))
