(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (export "e") (param i32))
  (func $guarded (param $p i32) (result i32)
    try (result i32)
      (i32.mul (call $wait) (local.get $p))
    catch $e
      (i32.sub (local.get $p))      ;; the payload - p
    end)
  (func (export "main") (param $p i32) (result i32)
    (i32.add
      (i32.mul (call $guarded (local.get $p)) (i32.const 100))
      (call $guarded (i32.const 2)))))
