(module
  (import "env" "wait" (func $wait (result i32)))
  (func $detour (result i32) (call $wait))
  (func $good (export "good") (result i32) (call $wait))
  (func $bad (export "bad") (result i32) (call $detour)))
