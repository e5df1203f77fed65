(module
  (import "env" "wait" (func $wait))
  (type $bytes (array (mut i32)))
  ;; Called by the host while main waits: garbage enough that a collector has work to do.
  (func (export "litter")
    (local $i i32)
    (loop $more
      (drop (array.new $bytes (local.get $i) (i32.const 4096)))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 500)))))
  (func (export "main") (result i32)
    (local $a (ref null $bytes))
    (local.set $a (array.new_fixed $bytes 3 (i32.const 10) (i32.const 20) (i32.const 12)))
    (call $wait)
    (i32.add
      (array.get $bytes (local.get $a) (i32.const 0))
      (i32.add
        (array.get $bytes (local.get $a) (i32.const 1))
        (array.get $bytes (local.get $a) (i32.const 2))))))
