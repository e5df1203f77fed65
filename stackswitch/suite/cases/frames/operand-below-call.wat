(module
  (import "env" "wait" (func $wait (result i32)))
  (global $g (export "g") (mut i32) (i32.const 100))
  (func $f (result i32) (call $wait))
  (func (export "main") (result i32)
    ;; The first read of $g comes before the wait, the second after it.
    (i32.sub
      (i32.add (global.get $g) (call $f))
      (i32.mul (global.get $g) (i32.const 1000)))))
