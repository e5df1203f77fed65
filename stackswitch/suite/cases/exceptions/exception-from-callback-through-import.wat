(module
  (import "env" "each" (func $each))
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func (export "callback") (param $x i32)
    (throw $e (local.get $x)))
  (func $caught (result i32)
    try (result i32)
      (call $each)
      (i32.const -1)
    catch $e
    end)
  (func (export "main") (result i32)
    (i32.add (call $caught) (call $wait))))
