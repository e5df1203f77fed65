;; pass: asyncify-export-globals
;; The main module of dynamic linking, which calls its side module through the table.
(module
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (table (export "table") 1 funcref)
  (func (export "through") (param i32) (result i32)
    (i32.add (call_indirect (type $unary) (local.get 0) (i32.const 0)) (i32.const 1))))
