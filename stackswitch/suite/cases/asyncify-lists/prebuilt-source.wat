;; What prebuilt-complete.wasm and prebuilt-leaf-missing.wasm were made of (see their cases).
(module
  (import "env" "wait" (func $wait (result i32)))
  (memory (export "memory") 1)
  (func $digit (param $n i32) (param $d i32) (result i32)
    (i32.add (i32.mul (local.get $n) (i32.const 10)) (local.get $d)))
  (func $leaf (result i32) (call $digit (call $wait) (i32.const 1)))
  (func $mid (result i32) (call $digit (call $leaf) (i32.const 2)))
  (func $main (export "main") (result i32) (call $digit (call $mid) (i32.const 3))))
