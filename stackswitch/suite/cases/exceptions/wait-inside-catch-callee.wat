(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func $report (param $code i32) (result i32)
    (i32.add (i32.add (call $wait) (local.get $code)) (i32.const 60)))
  (func (export "main") (result i32)
    try (result i32)
      (throw $e (i32.const 7))
    catch $e
      (call $report)
    end))
