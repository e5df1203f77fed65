(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  ;; An interpreter in small: program 2 0 1 3, each opcode's arm waits, then the loop goes on.
  (memory (export "memory") 1)
  (data (i32.const 0) "\02\00\01\03")
  (func (export "main") (result i32)
    (local $pc i32) (local $acc i32)
    (loop $next
      (block $stop
        (block $mul
          (block $sub
            (block $add
              (br_table $add $sub $mul $stop (i32.load8_u (local.get $pc))))
            (local.set $acc (i32.add (local.get $acc) (call $wait (i32.const 100))))
            (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
            (br $next))
          (local.set $acc (i32.sub (local.get $acc) (call $wait (i32.const 30))))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $next))
        (local.set $acc (i32.mul (i32.add (local.get $acc) (i32.const 6)) (call $wait (i32.const 7))))
        (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
        (br $next)))
    (local.get $acc)))
