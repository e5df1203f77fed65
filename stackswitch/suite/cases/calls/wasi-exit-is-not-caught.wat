(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "env" "wait" (func $wait (result i32)))
  (memory (export "memory") 1)
  (global $caught (export "caught") (mut i32) (i32.const 0))
  (func (export "_start")
    try
      (call $proc_exit (call $wait))
    catch_all
      (global.set $caught (i32.const 1))
    end))
