(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func (export "main") (result i32)
    (block $handler (result i32)
      (try_table (catch $e $handler)
        (throw $e (i32.const 7)))
      (unreachable))
    (i32.add (call $wait))))
