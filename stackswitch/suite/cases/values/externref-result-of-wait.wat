(module
  (import "env" "wait" (func $wait (param externref) (result externref)))
  (func (export "main") (param $p externref) (result externref)
    (call $wait (local.get $p))))
