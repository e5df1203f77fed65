(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "main") (param $p i32) (result i32)
    (i32.mul
      (block $b (result i32)
        (drop (br_if $b (i32.const 6) (call $wait (local.get $p))))  ;; the 6 waits below its own condition
        (call $wait (i32.const -1)))
      (i32.const 7))))
