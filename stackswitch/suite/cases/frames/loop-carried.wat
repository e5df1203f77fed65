(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "main") (param $n i32) (result i64)
    (local $i i32) (local $hash i64)
    (local.set $hash (i64.const 7))
    (loop $next
      ;; hash = hash * 31 + wait(i): order matters
      (local.set $hash
        (i64.add
          (i64.mul (local.get $hash) (i64.const 31))
          (i64.extend_i32_u (call $wait (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $hash)))
