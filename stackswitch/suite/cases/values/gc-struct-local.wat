(module
  (import "env" "wait" (func $wait))
  (type $point (struct (field $x (mut i32)) (field $y (mut i64))))
  (func (export "main") (result i64)
    (local $a (ref null $point)) (local $b (ref null $point))
    (local.set $a (struct.new $point (i32.const 3) (i64.const 40)))
    (local.set $b (local.get $a))                       ;; two names, one object
    (call $wait)
    (struct.set $point $x (local.get $a) (i32.const 2)) ;; seen through the other name
    (i64.add
      (i64.extend_i32_s (struct.get $point $x (local.get $b)))
      (struct.get $point $y (local.get $b)))))
