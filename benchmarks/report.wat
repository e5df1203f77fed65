(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $deeper (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (call $wait (i32.const 0)))))
    (i32.add (i32.const 1) (call $deeper (i32.sub (local.get 0) (i32.const 1)))))
  (func (export "main") (param i32) (result i32) (call $deeper (local.get 0))))
