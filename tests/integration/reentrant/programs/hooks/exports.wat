;; What another runtime puts around an export that is promising.
(module
  (import "guest" "task" (func $task (param i32) (result i32)))
  (import "hooks" "__jspi_enter" (func $enter (result i64)))
  (import "hooks" "__jspi_exit" (func $exit (param i64 i32)))
  (func (export "task") (param i32) (result i32) (local $token i64) (local $result i32)
    (local.set $token (call $enter))
    (block $thrown (result exnref)
      (local.set $result (try_table (result i32) (catch_all_ref $thrown) (call $task (local.get 0))))
      (call $exit (local.get $token) (i32.const 0))
      (return (local.get $result)))
    (call $exit (local.get $token) (i32.const 1))
    (throw_ref)))
