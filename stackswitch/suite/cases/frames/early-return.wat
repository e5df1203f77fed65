(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $find (param $limit i32) (result i32)
    (local $i i32)
    (loop $next
      (if (call $wait (local.get $i))
        (then (return (local.get $i))))             ;; out of the middle of the loop
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_s (local.get $i) (local.get $limit))))
    (i32.const -1))
  (func (export "main") (result i32)
    (i32.add
      (i32.mul (call $find (i32.const 5)) (i32.const 100))
      (call $find (i32.const 2)))))
