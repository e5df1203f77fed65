(module
  (import "env" "wait" (func $wait))
  (import "env" "check" (func $check (param externref externref)))
  (func (export "main") (param $p externref) (param $q externref)
    (local $l externref)
    (local.set $l (local.get $q))
    (call $wait)
    (call $check (local.get $l) (local.get $p))))
