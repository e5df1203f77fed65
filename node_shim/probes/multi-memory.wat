;; more than one memory
;; try v8: --experimental-wasm-multi-memory
;; try firefox: javascript.options.wasm_multi_memory
;; try wasmtime: wasm_multi_memory
(module
  (memory $a 1) (memory $b 1)
  (func (export "run") (result i32)
    (i32.store $a (i32.const 0) (i32.const 40))
    (i32.store $b (i32.const 0) (i32.const 2))
    (i32.add (i32.load $a (i32.const 0)) (i32.load $b (i32.const 0)))))
