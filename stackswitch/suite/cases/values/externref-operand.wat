(module
  (import "env" "wait" (func $wait (result i32)))
  (import "env" "check" (func $check (param externref i32 externref)))
  (func (export "main") (param $p externref)
    ;; two references lie on the value stack below the wait
    (call $check (local.get $p) (call $wait) (ref.null extern))))
