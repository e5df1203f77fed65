(module
  (import "env" "wait" (func $wait (param i32 i32) (result i32 i32)))
  (func $inner (param i32 i32) (result i32 i32)
    (call $wait (local.get 1) (local.get 0)))
  (func (export "main") (param i32 i32) (result i32)
    (call $inner (local.get 0) (local.get 1))
    i32.sub))
