(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "main") (result i32)
    (i32.add
      (if (result i32) (call $wait (i32.const 1))
        (then (call $wait (i32.const 10)))
        (else (call $wait (i32.const 20))))
      (if (result i32) (call $wait (i32.const 2))
        (then (call $wait (i32.const 30)))
        (else (call $wait (i32.const 40)))))))
