(module
  (import "env" "wait" (func $wait))
  (memory (export "memory") 1 2)
  (func (export "main") (result i32)
    (local $before i32) (local $grown i32)
    (local.set $before (memory.size))
    (call $wait)
    (local.set $grown (memory.grow (i32.const 1)))
    (call $wait)
    ;; before, result of grow, size now, and a grow that must fail
    (i32.add (i32.mul (local.get $before) (i32.const 1000))
      (i32.add (i32.mul (local.get $grown) (i32.const 100))
        (i32.add (i32.mul (memory.size) (i32.const 10))
          (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))))))
