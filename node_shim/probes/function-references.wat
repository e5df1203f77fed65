;; typed function references: call_ref
;; try v8: --experimental-wasm-typed-funcref
;; try v8: --experimental-wasm-gc
;; try wasmtime: wasm_function_references
(module
  (type $t (func (result i32)))
  (func $answer (type $t) (i32.const 42))
  (elem declare func $answer)
  (func $call (param (ref $t)) (result i32) (call_ref $t (local.get 0)))
  (func (export "run") (result i32) (call $call (ref.func $answer))))
