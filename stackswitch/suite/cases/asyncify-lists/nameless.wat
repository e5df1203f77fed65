;; Identifiers would go into the name section, so functions are called by index: 0 and 1 are the imports.
(module
  (import "env" "wait" (func (result i32)))
  (import "env" "log" (func (param i32)))
  (func (result i32)
    (i32.add (i32.mul (call 0) (i32.const 10)) (i32.const 1)))
  (func (result i32)
    (i32.add (i32.mul (call 2) (i32.const 10)) (i32.const 2)))
  (func (export "main") (result i32) (call 3)))
