(module
  (import "env" "wait" (func $wait (result i32)))
  (import "env" "note" (func $note (param i32)))
  (tag $e (param i32))
  (func $inner
    try $t
      (throw $e (call $wait))
    catch $e
      (call $note)
      rethrow $t
    end)
  (func (export "main") (result i32)
    try (result i32)
      (call $inner)
      (i32.const -1)
    catch $e
      (i32.add (i32.const 1))
    end))
