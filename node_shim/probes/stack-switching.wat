;; core stack switching: cont.new, suspend, resume
;; try v8: --experimental-wasm-wasmfx
;; try v8: --wasm-wasmfx
;; try chromium: --wasm-wasmfx
;; try chromium: --experimental-wasm-wasmfx
;; try wasmtime: wasm_stack_switching wasm_function_references wasm_exceptions
(module
  (type $f (func)) (type $c (cont $f))
  (tag $wait)
  (global $sum (mut i32) (i32.const 0))
  (func $guest
    (global.set $sum (i32.const 40))
    (suspend $wait)
    (global.set $sum (i32.add (global.get $sum) (i32.const 2))))
  (elem declare func $guest)
  (func (export "run") (result i32)
    (local $rest (ref null $c))
    (local.set $rest
      (block $waits (result (ref $c))
        (resume $c (on $wait $waits) (cont.new $c (ref.func $guest)))
        (unreachable)))
    (if (i32.ne (global.get $sum) (i32.const 40)) (then (unreachable)))
    (resume $c (local.get $rest))
    (global.get $sum)))
