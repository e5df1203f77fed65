(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "env" "wait" (func $wait (result i32)))
  (memory (export "memory") 1)
  (global $after (export "after") (mut i32) (i32.const 0))
  (func $main
    (call $proc_exit (call $wait))
    (global.set $after (i32.const 1)))
  (func (export "_start")
    (call $main)
    (global.set $after (i32.const 2))))
