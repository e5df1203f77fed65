(module
  (import "env" "wait" (func $wait (result i64)))
  (tag $e (param i32 i64 f32 f64))
  (func $thrower
    (throw $e (i32.const -3) (call $wait) (f32.const 1.5) (f64.const -0)))
  (func (export "main") (result i32 i64 f32 f64)
    (block $handler (result i32 i64 f32 f64 exnref)
      (try_table (catch_ref $e $handler)
        (call $thrower))
      (unreachable))
    (drop)))
