(module
  (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (param $n i32) (result i32)
    (local $digits i32)
    (loop $again (result i32)
      (local.set $digits (i32.add (i32.mul (local.get $digits) (i32.const 10)) (call $wait)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))
      (local.get $digits))))
