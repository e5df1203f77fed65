(module
  (import "env" "wait" (func $wait (result i32)))
  (import "lib" "fail" (func $fail (param i32)))
  (import "lib" "e" (tag $e (param i32)))
  (func $caught (param $x i32) (result i32)
    try (result i32)
      (call $fail (local.get $x))
      (i32.const -1)
    catch $e
    end)
  (func (export "main") (result i32)
    (i32.add
      (i32.mul (call $caught (i32.const 7)) (i32.const 100))
      (call $caught (i32.add (call $wait) (i32.const 2))))))
