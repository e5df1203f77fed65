;; { Object a; { Object b; throw wait(); } } as clang lowers it: a cleanup pad a scope, and the shadow stack pointer
;; put back where the exception is caught.
(module
  (import "env" "wait" (func $wait (result i32)))
  (import "env" "destroy" (func $destroy (param i32)))
  (tag $__cpp_exception (param i32))
  (memory (export "memory") 1)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 4096))
  (func $scopes
    (local $frame i32)
    (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (i32.const 32))))
    try $a
      try $b
        (i32.store (local.get $frame) (call $wait))
        (throw $__cpp_exception (local.get $frame))
      catch_all
        (global.set $sp (local.get $frame))
        (call $destroy (i32.const 2))
        rethrow $b
      end
    catch_all
      (global.set $sp (local.get $frame))
      (call $destroy (i32.const 1))
      rethrow $a
    end)
  (func (export "main") (result i32)
    (local $sp0 i32)
    (local.set $sp0 (global.get $sp))
    try (result i32)
      (call $scopes)
      (i32.const -1)
    catch $__cpp_exception
      (global.set $sp (local.get $sp0))
      (i32.add (i32.load) (i32.const 2))
    end))
