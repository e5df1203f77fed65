"""Mutate what the command line reads, run it, and judge its exit status and all that it prints and writes.

    python fuzz/fuzz_cli.py [--seconds 60] [--seed N] [--subprocess 0.02] [--output FOLDER]

A run is a command with mutated files: modules, traces, results, TOML, files with lists, symbol files. It fails
if it ends with a status that docs/errors.md does not have, or with 70; if it takes too long; if its output has a
control character, text of a traceback, or a line that a CI runner obeys; if its JSON or XML does not parse, or
its Markdown has markup that is not ours. Most runs are in this process, each in a child of it; some are processes of their own in an ASCII
locale. A finding is written to ``--output`` as a folder with the files, the command and what was wrong.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import wasmtime
from fuzz_module import corpus, mutate
from hostile import NAMES, hostile_module, hostile_results, hostile_trace

STATUSES = {0, 1, 2, *range(4, 22)}
SLOW_S = 60.0
MEMORY_BYTES = 3 << 30
TRACEBACK = re.compile(r"Traceback \(most recent|^  File \".*\", line \d+|Exception ignored", re.MULTILINE)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
COMMAND = re.compile(r"^\s*::|##\[|##vso\[", re.MULTILINE)
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float
