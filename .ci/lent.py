"""Lend a build this machine's way to the package registries: pip's settings, npm's, and the CA bundle.

    python3 .ci/lent.py FOLDER

writes `pip.conf` and `npmrc` into FOLDER and prints the `--volume` arguments for buildah, one a line. They
are mounted while instructions run, and so get into no image.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PASSED_ON = {"cert", "constraint", "default-timeout", "extra-index-url", "find-links", "index-url", "retries"}
PASSED_ON |= {"no-index", "trusted-host"}


def output_of(*argv: str) -> str:
    """Return what a command prints; nothing if it is not there."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def pip_settings() -> dict[str, str]:
    """Return pip's settings on this machine, the environment's last."""
    found = {}
    for line in output_of(sys.executable, "-m", "pip", "config", "list").splitlines():
        key, _, value = line.partition("=")
        where, _, name = key.rpartition(".")
        if name in PASSED_ON and where in ("global", "install", "download", ":env:"):
            found[name] = str(ast.literal_eval(value))
    return found


def main() -> None:
    """Write the two files and print the arguments."""
    folder = Path(sys.argv[1]).resolve()
    mounts = {}
    pip = pip_settings()
    text = "[global]\n" + "".join(f"{name} = {value}\n" for name, value in sorted(pip.items()))
    (folder / "pip.conf").write_text(text, "utf-8")
    mounts["/etc/pip.conf"] = str(folder / "pip.conf")
    for value in pip.values():
        for word in value.split():
            path = Path(word.removeprefix("file://"))
            if path.is_absolute() and path.exists():
                # An index in files links to what lies beside it.
                path = path.parent if path.name == "simple" else path
                mounts[str(path)] = str(path)
    bundles = (os.environ.get("SSL_CERT_FILE"), pip.get("cert"), BUNDLE)
    bundle = next((each for each in bundles if each and Path(each).is_file()), None)
    npm = []
    if bundle:
        mounts[BUNDLE] = str(Path(bundle).resolve())
        npm.append(f"cafile={BUNDLE}")
    registry = output_of("npm", "config", "get", "registry").strip()
    if re.match(r"https?://", registry):
        npm.append(f"registry={registry}")
    (folder / "npmrc").write_text("".join(f"{line}\n" for line in npm), "utf-8")
    mounts["/root/.npmrc"] = str(folder / "npmrc")
    for inside, outside in sorted(mounts.items()):
        sys.stdout.write(f"--volume={outside}:{inside}:ro\n")


if __name__ == "__main__":
    main()
