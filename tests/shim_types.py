"""Check the types that the JavaScript half declares in JSDoc, with TypeScript's compiler.

Usage: python tests/shim_types.py. What it needs is pinned in ``node_shim/types``. Exits with 1 if
something does not fit.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stackswitch.tools.downloads import npm_packages, wheel_node

SHIM = Path(__file__).parents[1] / "node_shim"


def main() -> int:
    """Check; return the exit status."""
    modules = npm_packages(SHIM / "types") / "node_modules"
    compiler = modules / "typescript" / "bin" / "tsc"
    options = ["--project", SHIM / "tsconfig.json", "--typeRoots", modules / "@types"]
    return subprocess.run([wheel_node(), compiler, *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
