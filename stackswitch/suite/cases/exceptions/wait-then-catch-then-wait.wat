(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func (export "main") (result i32)
    (local $digits i32)
    try
      (local.set $digits (call $wait))
      (throw $e (i32.const 3))
    catch $e
      (local.set $digits (i32.add (i32.mul (local.get $digits) (i32.const 10))))
    end
    (i32.add (i32.mul (local.get $digits) (i32.const 10)) (call $wait))))
