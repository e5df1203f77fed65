(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $g (export "g") (mut i32) (i32.const 0))
  ;; The wait's result goes, in turn, to each kind of instruction that takes one operand.
  (func (export "main") (result i32)
    (local $tee i32)
    (global.set $g (call $wait (i32.const 1)))
    (i32.store (memory.grow (call $wait (i32.const 2))) (i32.const 0x61))     ;; grow by 2: was 1, so stored at 1
    (i32.store8 offset=8 (local.tee $tee (call $wait (i32.const 3))) (local.get $tee))
    (if (i32.eqz (call $wait (i32.const 4))) (then (unreachable)))
    (return
      (i32.add
        (i32.load8_s (call $wait (i32.const 11)))
        (i32.mul (i32.ctz (call $wait (i32.const 16))) (memory.size))))))
