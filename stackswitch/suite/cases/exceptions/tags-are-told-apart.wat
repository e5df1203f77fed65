(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (tag $a (param i32))
  (tag $b (param i32))
  (func $thrower (param $which i32)
    (if (call $wait (local.get $which))
      (then (throw $b (local.get $which))))
    (throw $a (local.get $which)))
  (func (export "main") (param $which i32) (result i32)
    try (result i32)
      (call $thrower (local.get $which))
      (i32.const -1)
    catch $a
      (i32.add (i32.const 100))
    catch $b
      (i32.add (i32.const 200))
    end))
