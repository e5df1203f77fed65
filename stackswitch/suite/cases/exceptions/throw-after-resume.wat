(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func $thrower
    (throw $e (i32.add (call $wait) (i32.const 2))))
  (func (export "main") (result i32)
    try (result i32)
      (call $thrower)
      (i32.const 1)
    catch $e
      (i32.add (i32.const 1000))
    end))
