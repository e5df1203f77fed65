(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  ;; main(p): the wait's result picks the arm
  (func $pick (param $p i32) (result i32)
    (block $other
      (block $two
        (block $one
          (block $zero
            (br_table $zero $one $two $other (call $wait (local.get $p))))
          (return (i32.const 1)))
        (return (i32.const 20)))
      (return (i32.const 300)))
    (i32.const 4000))
  (func (export "main") (result i32)
    (i32.add
      (i32.add (call $pick (i32.const 2)) (call $pick (i32.const 0)))
      (call $pick (i32.const -1)))))
