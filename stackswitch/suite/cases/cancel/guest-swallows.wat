(module
  (import "env" "wait" (func $wait (result i32)))
  (global $got (export "got") (mut i32) (i32.const 0))
  (global $ends (export "ends") (mut i32) (i32.const 0))
  (func (export "main")
    try
      (global.set $got (call $wait))
    catch_all
      (global.set $got (i32.const -1))
    end
    (global.set $ends (i32.add (global.get $ends) (i32.const 1)))))
