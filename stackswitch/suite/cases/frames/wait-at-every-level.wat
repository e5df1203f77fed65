(module
  (import "env" "wait" (func $wait (param i32)))
  (func $level (export "main") (param $n i32)
    (if (i32.eqz (local.get $n)) (then (return)))
    (call $wait (local.get $n))                               ;; on the way down: n
    (call $level (i32.sub (local.get $n) (i32.const 1)))
    (call $wait (i32.sub (i32.const 0) (local.get $n)))))     ;; on the way up: -n
