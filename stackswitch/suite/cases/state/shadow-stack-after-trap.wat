(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 2048))
  ;; int f(int d) { int local[4] = { wait(local) }; return 84 / local[0]; }
  (func (export "f") (result i32)
    (local $frame i32) (local $r i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 16))))
    (i32.store (local.get $frame) (call $wait (local.get $frame)))
    (local.set $r (i32.div_s (i32.const 84) (i32.load (local.get $frame))))
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 16)))
    (local.get $r)))
