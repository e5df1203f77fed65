(module
  (import "env" "wait" (func $wait))
  (memory $a (export "a") 1)
  (memory $b (export "b") 1)
  (data $a (i32.const 0) "aaaa")
  (data (memory $b) (i32.const 0) "bbbb")
  (func (export "main") (result i32)
    (i32.store8 $b (i32.const 1) (i32.const 0x42))   ;; B
    (call $wait)
    (memory.copy $a $b (i32.const 8) (i32.const 0) (i32.const 4))   ;; bBbb into a
    (memory.copy $b $a (i32.const 8) (i32.const 0) (i32.const 4))   ;; what the host made of aaaa
    (i32.sub (i32.load $b (i32.const 8)) (i32.load $a (i32.const 0)))))
