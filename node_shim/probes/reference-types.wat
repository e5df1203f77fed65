;; reference values and tables of them
(module
  (table $t 1 externref) (table $f 2 funcref)
  (func $answer (result i32) (i32.const 42))
  (elem declare func $answer)
  (func (export "run") (result i32)
    (if (i32.eqz (ref.is_null (table.get $t (i32.const 0)))) (then (return (i32.const 0))))
    (table.set $f (i32.const 1) (ref.func $answer))
    (call_indirect $f (result i32) (i32.const 1))))
