(module
  (import "env" "wait" (func $wait (result i32)))
  (type $wanted (func (result i32)))
  (table 4 4 funcref)
  (elem (i32.const 0) func $zero)
  (elem (i32.const 2) func $other $three) ;; slot 1 stays empty
  (func $zero (result i32) (i32.const 10))
  (func $other (param i64) (result i64) (local.get 0))
  (func $three (result i32) (i32.const 30))
  (func (export "main") (result i32)
    (call_indirect (type $wanted) (call $wait))))
