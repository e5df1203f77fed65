(module
  (import "env" "wait" (func $wait (result i32)))
  (type $binary (func (param i32 i32) (result i32)))
  (table 3 funcref)
  (elem (i32.const 0) $add $sub $mul)
  (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
  (func $sub (type $binary) (i32.sub (local.get 0) (local.get 1)))
  (func $mul (type $binary) (i32.mul (local.get 0) (local.get 1)))
  (func (export "main") (param $p i32) (result i32)
    ;; first argument from before, second and table index from waits
    (call_indirect (type $binary) (local.get $p) (call $wait) (call $wait))))
