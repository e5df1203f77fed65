(module
  (import "env" "wait" (func $wait (result i32)))
  (type $get (func (result i32)))
  (table $t (export "t") 1 funcref)
  (elem (i32.const 0) $waits)
  (func $waits (type $get) (i32.add (call $wait) (i32.const 1)))
  (func $other (export "other") (type $get) (i32.const -1000))
  (func (export "main") (result i32)
    (i32.add
      (call_indirect $t (type $get) (i32.const 0))       ;; on the stack while its slot is replaced
      (i32.mul (call_indirect $t (type $get) (i32.const 0)) (i32.const 2)))))
