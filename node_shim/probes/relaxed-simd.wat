;; relaxed v128 operations
;; try v8: --experimental-wasm-relaxed-simd
(module
  (func (export "run") (result i32)
    (i32x4.extract_lane 0
      (i32x4.relaxed_trunc_f32x4_s (f32x4.splat (f32.const 42.5))))))
