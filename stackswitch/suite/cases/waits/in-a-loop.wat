(module
  (import "env" "wait" (func $wait (param i32)))
  (global $rounds (export "rounds") (mut i32) (i32.const 0))
  (func (export "main") (param $n i32)
    (loop $next
      (call $wait (local.get $n))
      (global.set $rounds (i32.add (global.get $rounds) (i32.const 1)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
