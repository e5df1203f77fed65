(module
  (import "env" "wait" (func $wait))
  (import "env" "apply" (func $apply))
  (global $caught (export "caught") (mut i32) (i32.const 0))
  (func (export "fail") (unreachable))
  (func (export "main")
    (call $wait)
    try
      (call $apply)
    catch_all
      (global.set $caught (i32.const 1))
    end))
