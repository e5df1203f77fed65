(module
  (import "env" "wait" (func $wait (result i32)))
  (import "env" "tick" (func $tick (result i32)))
  (func (export "main") (result i32)
    ;; select evaluates both values; the condition comes last, and waits.
    (select (call $tick) (i32.add (call $tick) (call $wait)) (call $wait))))
