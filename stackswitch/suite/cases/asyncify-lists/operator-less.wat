(module
  (import "env" "wait" (func $wait (result i32)))
  (func $"operator<(Key const&, Key const&)" (result i32) (call $wait))
  (func $"sort(Key*, Key*)" (export "main") (result i32)
    (i32.add (i32.mul (call $"operator<(Key const&, Key const&)") (i32.const 10)) (i32.const 1))))
