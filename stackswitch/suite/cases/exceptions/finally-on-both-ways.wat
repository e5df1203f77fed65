(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "finally" (func $finally))
  (tag $e)
  (func $guarded (param $throw i32)
    try $t
      (if (call $wait (local.get $throw))
        (then (throw $e)))
    catch_all
      (call $finally)
      rethrow $t
    end
    (call $finally))
  (func (export "main") (param $throw i32) (result i32)
    try (result i32)
      (call $guarded (local.get $throw))
      (i32.const 1)
    catch $e
      (i32.const 2)
    end))
