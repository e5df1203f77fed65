(module
  (import "env" "wait" (func $wait (result i32)))
  (import "env" "apply" (func $apply (param i32) (result i32)))
  (global $doubled (export "doubled") (mut i32) (i32.const 0)) ;; how often double ran
  (func (export "double") (param $x i32) (result i32)
    (global.set $doubled (i32.add (global.get $doubled) (i32.const 1)))
    (i32.shl (local.get $x) (i32.const 1)))
  (func (export "main") (result i32)
    (i32.add
      (i32.mul (call $apply (call $wait)) (i32.const 10))
      (call $wait))))
