(module
  (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (export "alias") (result i32)
    (i32.add (call $wait) (i32.const 1))))
