(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "main") (param $p i32) (result i32)
    (local $trail i32)
    (block $a
      (loop $b
        (block $c
          (block $d
            (br_if $d (call $wait (i32.const 0)))       ;; falls through
            (local.set $trail (i32.add (local.get $trail) (i32.const 1)))
            (br_if $c (call $wait (i32.const 1)))       ;; leaves two blocks
            (unreachable))
          (unreachable))
        (local.set $trail (i32.mul (local.get $trail) (i32.const 10)))
        (br_if $b (i32.lt_s (local.get $trail) (local.get $p)))   ;; round again until trail >= p
        (br $a))
      (unreachable))
    (local.get $trail)))
