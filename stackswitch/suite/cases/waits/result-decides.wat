(module
  (import "env" "next" (func $next (param i32) (result i32)))
  (import "env" "fetch" (func $fetch (param i32) (result i32)))
  ;; 0: stop. Odd: fetch that number. Even: ask on from half of it.
  (func (export "main") (param $p i32) (result i32)
    (local $op i32) (local $sum i32)
    (loop $again
      (local.set $op (call $next (local.get $p)))
      (if (i32.eqz (local.get $op)) (then (return (local.get $sum))))
      (if (i32.and (local.get $op) (i32.const 1))
        (then (local.set $sum (i32.add (local.get $sum) (call $fetch (local.get $op)))))
        (else (local.set $p (i32.shr_u (local.get $op) (i32.const 1)))))
      (br $again))
    (unreachable)))
