(module
  (import "env" "wait" (func $wait (param i32)))
  (memory (export "memory") 1)
  (func (export "main")
    (local $i i32)
    (loop $next
      (call $wait (local.get $i))
      (i32.store8 (local.get $i) (i32.const 0x61))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
