(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (export "e") (param i32))
  (global $open (export "open") (mut i32) (i32.const 0))
  (func $guarded (result i32)
    (global.set $open (i32.add (global.get $open) (i32.const 1)))
    try (result i32)
      (call $wait)
    catch_all
      (global.set $open (i32.sub (global.get $open) (i32.const 1)))
      rethrow 0
    end)
  (func (export "main") (result i32)
    try (result i32)
      (call $guarded)
    catch $e
      (i32.add (i32.const 2))
    end))
