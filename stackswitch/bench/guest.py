"""The guest that is measured, the same on every host."""

from __future__ import annotations

WAT = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 64)
  (global $stack (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func $run (export "run") (param $depth i32) (param $count i32) (result i32) (local $sum i32)
    (if (i32.gt_u (local.get $depth) (i32.const 1))
      (then (return (call $run (i32.sub (local.get $depth) (i32.const 1)) (local.get $count)))))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $wait (local.get $count))))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $again (local.get $count)))
    (local.get $sum))
  (func (export "hold") (param $depth i32) (result i32)
    (global.set $stack (i32.sub (global.get $stack) (i32.const 1024)))
    (memory.fill (global.get $stack) (i32.const 1) (i32.const 1024))
    (call $run (local.get $depth) (i32.const 1))
    (global.set $stack (i32.add (global.get $stack) (i32.const 1024))))
  (func (export "plain") (param $count i32) (result i32)
    (loop $again
      (drop (call $plain (local.get $count)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $again (local.get $count)))
    (i32.const 0))
  (func (export "nothing") (result i32) (i32.const 1))
  (table funcref (elem $leaf $waits))
  (func $leaf (param i32) (result i32) (local.get 0))
  (func $waits (param i32) (result i32) (call $wait (local.get 0)))
  (func $fib (export "fib") (param i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 2))
      (then (return (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)))))
    (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
      (call $fib (i32.sub (local.get 0) (i32.const 2))))))"""
"""``run`` waits ``count`` times under ``depth`` frames. ``hold`` does so once, with 1 KiB of C stack in use.

``fib`` computes, and could suspend for all that Asyncify knows.
"""

DEPTHS = (1, 10, 100, 1000)
"""How many frames of the guest are on the stack at a suspension."""


def expected(count: int) -> int:
    """Return the result of ``run`` if ``wait`` returns the last bit of its argument."""
    return (count + 1) // 2
