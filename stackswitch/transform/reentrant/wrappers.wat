;; The functions around imports and exports, and those that replace Emscripten's `invoke_*`. `assembler.py` assembles this file.
;;
;; `(insert X)` stands for code or a type that depends on the function: see `wrappers.py` and `invokes.py`. Names with `$` are functions,
;; globals and locals. Each code is there twice: for exceptions as first shipped (`try`), and as standardised (`try_table`).

;; $first, then the function itself, then $last, also if an exception passes: it is thrown again.
(code wrapper.try
  (call $first) (local.set $region)
  (try results)
    (insert arguments) (call $real)
  (catch_all)
    (local.get $region) (call $last)
    (rethrow 0)
  (end)
  (local.get $region) (call $last))

(code wrapper.try_table
  (call $first) (local.set $region)
  (block_exnref)
    (try_table results)
      (insert arguments) (call $real)
    (end)
    (local.get $region) (call $last)
    (return)
  (end)
  (local.get $region) (call $last)
  (throw_ref))

(code noted
  (call $note) (insert arguments) (call $real))

;; What was thrown is caught if the module has thrown it.
(code invoke.try
  (global.get $sp) (local.set $stack) (global.set $thrown (i32.const 0))
  (try results)
    (insert arguments) (insert function) (call_indirect type table) (insert result)
  (catch_all)
    (global.set $sp (local.get $stack))
    (i32.eqz (global.get $thrown)) (if_empty)
      (rethrow 1)
    (end)
    (global.set $thrown (i32.const 0))
    (insert set_threw) (insert zeros)
  (end))

(code invoke.try_table
  (global.get $sp) (local.set $stack) (global.set $thrown (i32.const 0))
  (block_exnref)
    (try_table results)
      (insert arguments) (insert function) (call_indirect type table) (insert result)
    (end)
    (return)
  (end)
  (local.set $exception)
  (global.set $sp (local.get $stack))
  (i32.eqz (global.get $thrown)) (if_empty)
    (local.get $exception) (throw_ref)
  (end)
  (global.set $thrown (i32.const 0))
  (insert set_threw) (insert zeros))

;; A 64-bit number of two halves, the lower one first, and the reverse.
(code invoke.whole
  (i64.or
    (i64.extend_i32_u (local.get $low))
    (i64.shl (i64.extend_i32_u (local.get $high)) (i64.const 32))))

(code invoke.halves
  (local.set $wide)
  (call $set_upper_half (i32.wrap_i64 (i64.shr_u (local.get $wide) (i64.const 32))))
  (i32.wrap_i64 (local.get $wide)))
