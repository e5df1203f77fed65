(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func (export "main") (result i32)
    try (result i32)
      (throw $e (i32.const 7))
    catch $e
      (call $wait)
      i32.add
    end))
