;; pass: asyncify-import-globals
;; A side module of dynamic linking: its memory and its table are those of the main module.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "memory" (memory 1))
  (import "env" "table" (table 1 funcref))
  (elem (i32.const 0) $side)
  (func $side (export "side") (param i32) (result i32)
    (i32.add (call $wait (local.get 0)) (i32.const 10))))
