(module
  (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (result i32)
    try (result i32)
      (i32.div_u (i32.const 1) (call $wait))
    catch_all
      (i32.const -1)
    end))
