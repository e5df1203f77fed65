(module
  (import "env" "wait" (func $wait))
  (func (export "main") (param $p i32) (result i32)
    (local $i i31ref)
    (local.set $i (ref.i31 (local.get $p)))
    (call $wait)
    (i31.get_s (local.get $i))))
