(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func $inner
    try
      try
        (throw $e (call $wait))
      delegate 1 ;; 0 would be the try below, 1 is the function
    catch_all
      (unreachable)
    end)
  (func (export "main") (result i32)
    (local $base i32)
    (local.set $base (i32.const 1200))
    try (result i32)
      (call $inner)
      (i32.const -1)
    catch $e
      (i32.add (local.get $base))
    end))
