;; run(n): n frames, then wait(); down(): frames without end, counted in the exported global.
(module
  (import "env" "wait" (func $wait (result i32)))
  (global $count (export "count") (mut i32) (i32.const 0))
  (func $run (export "run") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (call $wait))
      (else (i32.add (call $run (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))))
  (func $down (export "down") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i32.add (call $down) (i32.const 1))))
