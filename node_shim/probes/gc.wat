;; garbage-collected structs and arrays
;; try v8: --experimental-wasm-gc
;; try v8: --experimental-wasm-gc --experimental-wasm-typed-funcref
;; try chromium: --experimental-wasm-gc
;; try firefox: javascript.options.wasm_gc
;; try wasmtime: wasm_gc wasm_function_references
(module
  (type $pair (struct (field i32) (field (mut i32))))
  (type $row (array (mut i32)))
  (func (export "run") (result i32)
    (local $pair (ref null $pair)) (local $row (ref null $row))
    (local.set $pair (struct.new $pair (i32.const 2) (i32.const 0)))
    (struct.set $pair 1 (local.get $pair) (i32.const 20))
    (local.set $row (array.new $row (i32.const 10) (i32.const 2)))
    (i32.add
      (i32.mul (array.get $row (local.get $row) (i32.const 1)) (array.len (local.get $row)))
      (i32.add (struct.get $pair 0 (local.get $pair)) (struct.get $pair 1 (local.get $pair))))))
