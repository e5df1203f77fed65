(module
  (import "env" "wait" (func $wait))
  (memory (export "memory") 1 1)
  ;; Fills every byte before the wait, and looks at every byte after it.
  (func (export "main") (result i32)
    (local $at i32) (local $same i32)
    (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const 65536))
    (call $wait)
    (loop $next
      (local.set $same (i32.add (local.get $same)
        (i64.eq (i64.load (local.get $at)) (i64.const 0xa5a5a5a5a5a5a5a5))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 65536))))
    (local.get $same)))
