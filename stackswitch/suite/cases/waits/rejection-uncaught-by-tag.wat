(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (export "e") (param i32))
  (tag $other (export "other") (param i32))
  (global $caught (export "caught") (mut i32) (i32.const 0))
  (func (export "main") (result i32)
    try (result i32)
      (call $wait)
    catch $other
      (global.set $caught)
      (i32.const -1)
    end))
