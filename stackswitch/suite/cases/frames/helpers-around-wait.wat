(module
  (import "env" "wait" (func $wait (result i32)))
  (import "env" "note" (func $note (param i32)))
  ;; Never on the stack during a wait, so in no instrumented set; called before and after all the same.
  (func $helper (param i32) (result i32)
    (call $note (local.get 0))
    (i32.mul (local.get 0) (i32.const 3)))
  (func (export "main") (param $p i32) (result i32)
    (local $before i32)
    (local.set $before (call $helper (local.get $p)))
    (i32.sub (call $helper (call $wait)) (local.get $before))))
