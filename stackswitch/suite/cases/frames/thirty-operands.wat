(module
  (import "env" "wait" (func $wait (result i32)))
  (global $k (export "k") (mut i32) (i32.const 0))
  ;; 3, 12, 27, 48, ...: a different number each time, and a count of the calls
  (func $next (result i32)
    (global.set $k (i32.add (global.get $k) (i32.const 1)))
    (i32.mul (i32.const 3) (i32.mul (global.get $k) (global.get $k))))
  (func (export "main") (result i32)
    ;; thirty operands, the wait on top of them
    (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next)
    (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next)
    (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next) (call $next)
    (call $wait)
    i32.add i32.sub i32.xor i32.add i32.sub i32.xor i32.add i32.sub i32.xor i32.add
    i32.sub i32.xor i32.add i32.sub i32.xor i32.add i32.sub i32.xor i32.add i32.sub
    i32.xor i32.add i32.sub i32.xor i32.add i32.sub i32.xor i32.add i32.sub i32.xor))
