(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "main") (param $p i32) (result i32)
    (local $l i32)
    (local.set $l (i32.add (local.get $p) (i32.const 22)))
    (i32.add
      (i32.mul (i32.add (local.get $p) (local.get $l)) (i32.const 1000000)) ;; an operand, pushed before the wait
      (i32.add
        (call $wait (local.get $p))
        (i32.add
          (i32.mul (local.get $l) (i32.const 100))
          (i32.mul (local.get $p) (i32.const 10000)))))))
