(module
  (import "env" "wait" (func $wait (result i32)))
  (type $destructor (func (param i32) (result i32)))
  (tag $e (param i32))
  (table 1 funcref)
  (elem (i32.const 0) func $destroy)
  (func $destroy (param $x i32) (result i32)
    (i32.add (local.get $x) (i32.const 2)))
  (func (export "main") (result i32)
    try (result i32)
      (throw $e (call $wait))
    catch $e
      (call_indirect (type $destructor) (i32.const 0))
    end))
