;; What another runtime puts around an import that suspends. The guest's hooks come into the table when the guest is there.
(module
  (import "js" "pause" (func $pause (param i32) (result i32)))
  (type $first (func (result i64)))
  (type $last (func (param i64 i32)))
  (table (export "hooks") 2 funcref)
  (func (export "pause") (param i32) (result i32) (local $token i64) (local $result i32)
    (local.set $token (call_indirect (type $first) (i32.const 0)))
    (block $thrown (result exnref)
      (local.set $result (try_table (result i32) (catch_all_ref $thrown) (call $pause (local.get 0))))
      (call_indirect (type $last) (local.get $token) (i32.const 0) (i32.const 1))
      (return (local.get $result)))
    (call_indirect (type $last) (local.get $token) (i32.const 1) (i32.const 1))
    (throw_ref)))
