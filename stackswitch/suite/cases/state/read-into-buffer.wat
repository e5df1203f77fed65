(module
  (import "env" "read" (func $read (param $at i32) (param $room i32) (result i32)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 100))
  ;; read(2) until the host says 0; the bytes of each read are added up as they come
  (func (export "main") (result i32)
    (local $got i32) (local $sum i32) (local $i i32)
    (loop $more
      (local.set $got (call $read (global.get $next) (i32.const 4)))
      (local.set $i (i32.const 0))
      (if (local.get $got)
        (then
          (loop $each
            (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 10))
              (i32.load8_u (i32.add (global.get $next) (local.get $i)))))
            (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $got))))
          (global.set $next (i32.add (global.get $next) (local.get $got)))
          (br $more))))
    (local.get $sum)))
