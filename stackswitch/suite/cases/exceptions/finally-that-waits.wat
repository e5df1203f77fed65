(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (tag $e (param i32))
  (func $guarded
    try $t
      (throw $e (call $wait (i32.const 1)))
    catch_all
      (drop (call $wait (i32.const 2)))
      rethrow $t
    end)
  (func (export "main") (result i32)
    try (result i32)
      (call $guarded)
      (i32.const -1)
    catch $e
      (i32.add (i32.const 2))
    end))
