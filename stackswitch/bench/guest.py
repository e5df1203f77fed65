"""The guest that is measured."""

from __future__ import annotations

WAT = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 64)
  (func $loop (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $wait (local.get $count))))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $again (local.get $count)))
    (local.get $sum))
  (func $down (export "run") (param $depth i32) (param $count i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $depth) (i32.const 2))
      (then (call $down (i32.sub (local.get $depth) (i32.const 1)) (local.get $count)))
      (else (call $loop (local.get $count)))))
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
"""``run`` waits ``count`` times under ``depth`` frames (two at least); ``fib`` computes, and might wait."""


def expected(count: int) -> int:
    """What ``run`` returns where ``wait`` gives the last bit of what it is handed."""
    return (count + 1) // 2
