;; Calls another instance's export, which waits (glue.wat), and hands on an import.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "inner" "one" (func $one (param i32) (result i32)))
  (memory (export "memory") 1)
  (export "wait" (func $wait))
  (func (export "plus") (param i32) (result i32)
    (i32.add (call $one (local.get 0)) (i32.mul (call $wait (i32.const 1)) (i32.const 1000)))))
