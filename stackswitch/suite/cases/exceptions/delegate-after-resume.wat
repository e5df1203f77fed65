(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func (export "main") (result i32)
    try $outer (result i32)
      try (result i32)
        try (result i32)
          (throw $e (call $wait))
        delegate $outer
      catch $e ;; passed over
        (i32.add (i32.const 100))
      end
    catch $e
      (i32.add (i32.const 200))
    end))
