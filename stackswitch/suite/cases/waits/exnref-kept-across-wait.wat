(module
  (import "env" "wait" (func $wait (result i32)))
  (tag $e (export "e") (param i32))
  ;; The first wait rejects; its exnref lies in a local during the second wait and is thrown again after it.
  (func $twice (result i32)
    (local $x exnref)
    (block $caught (result exnref)
      (return
        (try_table (result i32) (catch_all_ref $caught)
          (call $wait))))
    (local.set $x)
    (drop (call $wait))
    (throw_ref (local.get $x)))
  (func (export "main") (result i32)
    (block $caught (result i32)
      (return (try_table (result i32) (catch $e $caught) (call $twice))))))
