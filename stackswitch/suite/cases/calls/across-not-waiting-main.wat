(module
  (import "lib" "tick" (func $tick (result i32)))
  (import "lib" "memory" (memory 1))
  (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (result i32)
    (i32.store (i32.const 8) (i32.mul (call $tick) (i32.const 80)))
    (i32.add
      (i32.add (i32.mul (call $wait) (i32.const 10)) (call $tick))
      (i32.load (i32.const 8)))))
