;; What a C compiler makes of functions with arrays in them: an exported stack pointer in linear
;; memory that each function lowers on entry and raises on return.
(module
  (import "env" "read" (func $read (param $at i32) (param $room i32) (result i32)))
  (memory (export "memory") 1)
  (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 1024))

  ;; int level(int n) { char buffer[16]; buffer[0] = n; if (n) inner = level(n - 1);
  ;;                    read(buffer + 8, 4); return inner * 10 + buffer[0] + buffer[8]; }
  (func $level (export "level") (param $n i32) (result i32)
    (local $frame i32) (local $inner i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 16))))
    (i32.store8 (local.get $frame) (local.get $n))
    (if (local.get $n)
      (then (local.set $inner (call $level (i32.sub (local.get $n) (i32.const 1))))))
    (drop (call $read (i32.add (local.get $frame) (i32.const 8)) (i32.const 4)))
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 16)))
    (i32.add (i32.mul (local.get $inner) (i32.const 10))
      (i32.add (i32.load8_u (local.get $frame)) (i32.load8_u offset=8 (local.get $frame)))))

  ;; Takes a frame too, and scribbles over all of it.
  (func (export "scribble") (result i32)
    (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 64))))
    (memory.fill (local.get $frame) (i32.const 0xee) (i32.const 64))
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 64)))
    (local.get $frame)))
