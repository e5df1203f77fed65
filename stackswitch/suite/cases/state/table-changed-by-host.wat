(module
  (import "env" "wait" (func $wait))
  (type $get (func (result i32)))
  (table $t (export "t") 2 funcref)
  (elem (i32.const 0) $one $two)
  (func $one (export "one") (type $get) (i32.const 1))
  (func $two (export "two") (type $get) (i32.const 2))
  (func $three (export "three") (type $get) (i32.const 3))
  (func (export "main") (result i32)
    (local $before i32)
    (local.set $before (call_indirect $t (type $get) (i32.const 0)))
    (call $wait)
    (i32.add
      (i32.mul (local.get $before) (i32.const 100))
      (i32.add
        (i32.mul (call_indirect $t (type $get) (i32.const 0)) (i32.const 10))
        (call_indirect $t (type $get) (i32.const 1))))))
