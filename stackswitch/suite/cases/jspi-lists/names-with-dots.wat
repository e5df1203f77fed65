(module
  (import "a.b" "c" (func $c (result i32)))
  (import "wasi:io/poll@0.2.0" "poll" (func $poll (result i32)))
  (func (export "wasi:cli/run@0.2.0") (result i32)
    (i32.add (i32.mul (call $c) (i32.const 10)) (call $poll))))
