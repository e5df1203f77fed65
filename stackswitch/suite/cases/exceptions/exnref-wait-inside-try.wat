(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func (export "main") (param $throw i32) (result i32)
    (local $digits i32)
    (local.set $digits (i32.const 1))
    (block $done
      (block $handler (result i32)
        (try_table (catch $e $handler)
          (local.set $digits (i32.add (i32.mul (local.get $digits) (i32.const 10)) (call $wait)))
          (br_if $done (i32.eqz (local.get $throw)))
          (throw $e (local.get $digits)))
        (unreachable))
      (local.set $digits (i32.add (i32.const 80)))) ;; 16 caught: 96
    (i32.add (i32.mul (local.get $digits) (i32.const 10)) (i32.const 2))))
