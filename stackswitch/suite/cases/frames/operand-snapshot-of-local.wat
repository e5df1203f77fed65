(module
  (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (param $p i32) (result i32)
    ;; p is pushed, then changed, then the wait: the pushed value stays what it was.
    (i32.sub
      (i32.mul (local.get $p)
        (block (result i32)
          (local.set $p (i32.const 1000))
          (call $wait)))
      (local.get $p))))
