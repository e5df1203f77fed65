(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func (export "main") (result i32)
    (local $sum i32)
    (local.set $sum (i32.const 1))
    try
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 10)) (call $wait)))
    catch_all
      (local.set $sum (i32.const 900)) ;; an exception that was never thrown
    end
    (i32.add (i32.mul (local.get $sum) (i32.const 10)) (i32.const 2))))
