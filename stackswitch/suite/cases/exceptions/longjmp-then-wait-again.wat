;; int round = setjmp(env); int got = wait(round); if (!got) longjmp(env, round + 1); return got + round;
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (tag $__c_longjmp (param i32))
  (func $attempt (param $round i32) (result i32)
    (local $got i32)
    (if (i32.eqz (local.tee $got (call $wait (local.get $round))))
      (then (throw $__c_longjmp (i32.add (local.get $round) (i32.const 1)))))
    (i32.add (local.get $got) (local.get $round)))
  (func (export "main") (result i32)
    (local $round i32)
    (loop $setjmp (result i32)
      try
        (return (call $attempt (local.get $round)))
      catch $__c_longjmp
        local.set $round
      end
      (br $setjmp))))
