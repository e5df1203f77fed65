(module
  (import "env" "read" (func $read (result i32)))
  (import "env" "write" (func $write (result i32)))
  (func (export "plain") (result i32) (i32.const 1))
  (func (export "a") (result i32) (i32.add (call $read) (i32.const 10)))
  (func (export "b") (result i32) (i32.add (call $write) (i32.const 20))))
