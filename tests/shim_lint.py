"""Check the sizes and complexity of functions in JavaScript, and what is unused, with ESLint.

Usage: python tests/shim_lint.py. The version and the rules are in ``tests/checks/javascript``. Exits with 1
if something breaks a rule.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stackswitch.tools.downloads import npm_packages, wheel_node

ROOT = Path(__file__).parents[1]
CHECKS = ROOT / "tests" / "checks" / "javascript"
FOLDERS = ("benchmarks", "examples", "node_shim", "npm", "stackswitch", "tests")


def main() -> int:
    """Check; return the exit status."""
    eslint = npm_packages(CHECKS) / "node_modules" / "eslint" / "bin" / "eslint.js"
    options = ["--config", CHECKS / "eslint.config.mjs", "--max-warnings=0"]
    return subprocess.run([wheel_node(), eslint, *options, *FOLDERS], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
