(module
  (import "env" "wait" (func $wait))
  ;; visit(2) calls visit(1) from one place, visit(1) waits in another: two frames of one function,
  ;; at different calls, with different locals.
  (func $visit (export "main") (param $n i32) (result i32)
    (local $mine i32)
    (local.set $mine (i32.mul (local.get $n) (i32.const 21)))
    (if (i32.eq (local.get $n) (i32.const 1))
      (then (call $wait))
      (else (local.set $mine (i32.sub (local.get $mine) (call $visit (i32.sub (local.get $n) (i32.const 1)))))))
    (local.get $mine)))
