(module
  (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (param $p i32) (result i32)
    (local $a i32) (local $b i32)
    (local.get $p)
    (i32.const 5)
    (block (param i32 i32) (result i32 i32)   ;; (p 5) -> (p - 5, wait)
      i32.sub
      (call $wait))
    (local.set $b) (local.set $a)
    (i32.sub (i32.mul (local.get $a) (i32.const 100)) (local.get $b))))
