(module
  (import "lib" "fetch" (func $fetch (param i32) (result i32)))
  (func (export "main") (param $x i32) (result i32)
    (i32.add
      (i32.mul (local.get $x) (i32.const 100))
      (call $fetch (i32.const 2)))))
