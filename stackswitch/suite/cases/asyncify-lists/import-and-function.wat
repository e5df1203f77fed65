(module
  (import "env" "read" (func $read (result i32)))
  (import "env" "write" (func $write (result i32)))
  (func $fetch (result i32) (call $read))
  (func $main (export "main") (result i32)
    (i32.add (i32.mul (call $fetch) (i32.const 10)) (call $write))))
