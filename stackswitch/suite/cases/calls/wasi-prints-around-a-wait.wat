(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "env" "wait" (func $wait))
  (memory (export "memory") 1)
  (data (i32.const 32) "before\0aafter\0a")
  (func $print (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at))     ;; one iovec
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (call $print (i32.const 32) (i32.const 7))
    (call $wait)
    (call $print (i32.const 39) (i32.const 6))))
