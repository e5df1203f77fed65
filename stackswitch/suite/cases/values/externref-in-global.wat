(module
  (import "env" "wait" (func $wait))
  (import "env" "check" (func $check (param externref)))
  (global $g (mut externref) (ref.null extern))
  (func $use (call $check (global.get $g)))
  (func $keep (param externref) (global.set $g (local.get 0)))
  (func $main
    (call $wait)
    (call $use))
  (export "keep" (func $keep))
  (export "main" (func $main)))
