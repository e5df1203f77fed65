;; int value = setjmp(env); note(value); if (!value) { work(jump); return 200; } return 100 + value;
;; as clang lowers it with -mllvm -wasm-enable-sjlj: a loop that dispatches on where setjmp returned from, a
;; try around every call, a pointer to {env, value} as the exception.
(module
  (import "env" "wait" (func $wait (result i32)))
  (import "env" "note" (func $note (param i32)))
  (tag $__c_longjmp (param i32))
  (memory (export "memory") 1)
  (func $longjmp (param $env i32) (param $value i32)
    (i32.store (i32.const 64) (local.get $env))
    (i32.store (i32.const 68) (local.get $value))
    (throw $__c_longjmp (i32.const 64)))
  (func $work (param $jump i32) (param $depth i32)
    (local $value i32)
    (if (local.get $depth)
      (then (call $work (local.get $jump) (i32.sub (local.get $depth) (i32.const 1))) (return)))
    (local.set $value (call $wait))
    (if (local.get $jump)
      (then (call $longjmp (i32.const 16) (local.get $value)))))
  (func (export "main") (param $jump i32) (result i32)
    (local $value i32) (local $thrown i32)
    (loop $setjmp
      (call $note (local.get $value))
      (if (local.get $value)
        (then (return (i32.add (i32.const 100) (local.get $value)))))
      try
        (call $work (local.get $jump) (i32.const 2))
        (return (i32.const 200))
      catch $__c_longjmp
        local.set $thrown
      end
      (if (i32.ne (i32.load (local.get $thrown)) (i32.const 16)) ;; another setjmp's: pass it on
        (then (throw $__c_longjmp (local.get $thrown))))
      (local.set $value (i32.load offset=4 (local.get $thrown)))
      (br $setjmp))
    (unreachable)))
