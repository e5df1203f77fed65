(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  ;; Ten waits in straight code, each fed with the result of the one before.
  (func (export "main") (param $p i32) (result i32)
    (call $wait (call $wait (call $wait (call $wait (call $wait
      (call $wait (call $wait (call $wait (call $wait (call $wait (local.get $p)))))))))))))
