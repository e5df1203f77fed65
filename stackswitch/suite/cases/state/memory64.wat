(module
  (import "env" "wait" (func $wait (param i64) (result i64)))
  (memory (export "memory") i64 1)
  (func (export "main") (param $at i64) (result i64)
    (local $pages i64)
    (i64.store (local.get $at) (i64.const 0x0102030405060708))
    (local.set $pages (call $wait (local.get $at)))
    ;; an address with its upper half set must trap, not wrap: here it only has to come back whole
    (i64.store offset=8 (local.get $at) (i64.mul (memory.size) (local.get $pages)))
    (i64.add (i64.load (local.get $at)) (i64.load offset=8 (local.get $at)))))
