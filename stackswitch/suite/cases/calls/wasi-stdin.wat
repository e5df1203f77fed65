(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "env" "wait" (func $wait))
  (memory (export "memory") 1)
  (func $read (param $most i32)
    (i32.store (i32.const 0) (i32.const 64)) ;; one iovec
    (i32.store (i32.const 4) (local.get $most))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (call $read (i32.const 6))
    (call $wait)
    (call $read (i32.const 100))
    (i32.store (i32.const 4) (i32.load (i32.const 8))) ;; as many as came
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
