(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (tag $e (export "e"))
  (func (export "main") (param $tries i32) (result i32)
    (local $n i32)
    (loop $again
      try
        (return (i32.add (call $wait (local.get $n)) (local.get $n)))
      catch $e
      end
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (local.get $tries))))
    (i32.const -1)))
