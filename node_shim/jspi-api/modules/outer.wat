;; Calls another instance: by an import, and by a table that they share.
(module
  (import "inner" "one" (func $one (param i32) (result i32)))
  (import "inner" "table" (table 2 funcref))
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "direct") (param i32) (result i32)
    (i32.add (call $one (local.get 0)) (i32.const 10)))
  (func (export "by_table") (param i32) (result i32)
    (i32.add (call_indirect (type $unary) (local.get 0) (i32.const 0)) (i32.const 10))))
