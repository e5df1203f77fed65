"""Check the types that the JavaScript half declares in JSDoc, with TypeScript's compiler.

Usage: python tests/shim_types.py. The version is pinned in ``tests/checks/javascript``. Exits with 1 if
something does not fit.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stackswitch.tools.downloads import npm_packages, wheel_node

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Check; return the exit status."""
    modules = npm_packages(ROOT / "tests" / "checks" / "javascript") / "node_modules"
    compiler = modules / "typescript" / "bin" / "tsc"
    options = ["--project", ROOT / "node_shim" / "tsconfig.json", "--typeRoots", modules / "@types"]
    return subprocess.run([wheel_node(), compiler, *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
