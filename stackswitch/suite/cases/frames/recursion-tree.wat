(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  ;; fib, where each leaf asks the host for its own number back
  (func $fib (export "main") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (call $wait (local.get $n)))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2))))))))
