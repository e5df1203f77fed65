(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  ;; Each stage appends its digit: wait 4, body 3, inner handler 2, outer handler 1.
  (func $append (param $digits i32) (param $digit i32) (result i32)
    (i32.add (i32.mul (local.get $digits) (i32.const 10)) (local.get $digit)))
  (func (export "main") (result i32)
    (local $digits i32)
    try (result i32)
      try
        (throw $e (call $append (call $wait) (i32.const 3)))
      catch $e
        local.set $digits
        (throw $e (call $append (local.get $digits) (i32.const 2)))
      end
      (i32.const -1)
    catch $e
      local.set $digits
      (call $append (local.get $digits) (i32.const 1))
    end))
