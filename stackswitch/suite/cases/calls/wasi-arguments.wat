(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "env" "wait" (func $wait))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $end i32)
    (drop (call $args_get (i32.const 16) (i32.const 64))) ;; argv at 16: argv[1] at 20
    (call $wait)
    (local.set $end (i32.load (i32.const 20)))
    (loop $to_nul
      (local.set $end (i32.add (local.get $end) (i32.const 1)))
      (br_if $to_nul (i32.load8_u (local.get $end))))
    (i32.store (i32.const 0) (i32.load (i32.const 20)))
    (i32.store (i32.const 4) (i32.sub (local.get $end) (i32.load (i32.const 20))))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
