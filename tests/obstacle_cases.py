"""Small modules, and what in each is an obstacle to Asyncify: tests compare our search with it, and Binaryen.

``tests/data/asyncify-obstacles.txt`` has a case in each paragraph: its name, the features that are found
(``-``: none), and below what is in the module.
"""

from __future__ import annotations

from pathlib import Path

HEAD = """
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "rw" (func $rw (param externref) (result externref)))
  (memory 1) (type $v (func)) (type $f (func (param i32) (result i32)))
  (table $t 4 funcref) (table $et 2 externref)
  (tag $e (param i32)) (tag $er (param externref)) (type $s (struct (field i32)))
"""
"""Where each module begins; the imports are functions 0 and 1."""


def _read() -> dict[str, tuple[str, set[str]]]:
    found: dict[str, tuple[str, set[str]]] = {}
    for paragraph in (
        (Path(__file__).parent / "data" / "asyncify-obstacles.txt").read_text("utf-8").split("\n\n")
    ):
        first, body = paragraph.split("\n", 1)
        name, features = first.rsplit(": ", 1)
        assert name not in found, name
        found[name] = body, {each for each in features.split(", ") if each != "-"}
    return found


CASES = _read()
