(module
  (import "env" "wait" (func $wait (result i32)))
  (type $unary (func (param i32) (result i32)))
  (global $f (mut (ref null $unary)) (ref.null $unary))
  (func (export "main") (result i32)
    (block $none
      (drop (br_on_null $none (global.get $f)))
      (unreachable))
    (call $wait)))
