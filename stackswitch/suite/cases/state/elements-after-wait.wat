(module
  (import "env" "wait" (func $wait (result i32)))
  (type $get (func (result i32)))
  (table $t 4 funcref)
  (elem $some func $one $two $three)
  (func $one (type $get) (i32.const 1))
  (func $two (type $get) (i32.const 2))
  (func $three (type $get) (i32.const 3))
  (func (export "main") (result i32)
    (table.init $t $some (i32.const 0) (i32.const 1) (call $wait))   ;; two of them: two, three
    (elem.drop $some)
    (table.copy $t $t (i32.const 2) (i32.const 0) (call $wait))
    (i32.add
      (i32.mul (call_indirect $t (type $get) (i32.const 2)) (i32.const 10))
      (call_indirect $t (type $get) (i32.const 1)))))
