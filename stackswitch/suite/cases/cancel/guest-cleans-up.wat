(module
  (import "env" "wait" (func $wait))
  (import "env" "cleanup" (func $cleanup))
  (global $after (export "after") (mut i32) (i32.const 0))
  (func (export "main")
    try $t
      (call $wait)
    catch_all
      (call $cleanup)
      rethrow $t
    end
    (global.set $after (i32.const 1))))
