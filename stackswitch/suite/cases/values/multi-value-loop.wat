(module
  (import "env" "wait" (func $wait (param i64 i32) (result i32)))
  ;; The loop carries its accumulator and counter as operands, not as locals.
  (func (export "main") (param $n i32) (result i64)
    (local $i i32) (local $sum i64)
    (i64.const 1)
    (local.get $n)
    (loop $next (param i64 i32) (result i64)
      (local.set $i) (local.set $sum)
      (i64.add (i64.mul (local.get $sum) (i64.const 10))
        (i64.extend_i32_s (call $wait (local.get $sum) (local.get $i))))
      (local.tee $i (i32.sub (local.get $i) (i32.const 1)))
      (br_if $next (local.get $i))
      drop)))
