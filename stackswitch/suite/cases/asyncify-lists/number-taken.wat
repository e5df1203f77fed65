(module
  (import "env" "wait" (func $wait (result i32)))
  (func $"1" (result i32) ;; defined function 0
    (i32.add (i32.mul (call $wait) (i32.const 10)) (i32.const 1)))
  (func (result i32) ;; defined function 1, nameless
    (i32.add (i32.mul (call $"1") (i32.const 10)) (i32.const 2)))
  (func $main (export "main") (result i32) (call 2)))
