(module
  (import "env" "note" (func $note (param i32)))
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (param i32))
  (func (export "main") (result i32)
    (local $caught i32)
    try
      (throw $e (i32.const 7))
    catch $e
      (call $note (local.tee $caught))
    end
    (i32.add (call $wait) (local.get $caught))))
