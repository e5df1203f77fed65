"""Fetch what the PHP suite runs: PHP itself from npm, Composer and the libraries from Debian's packages.

Nothing of it is kept in this repository. It goes into stackswitch's cache; two links beside this file,
``node_modules`` and ``libraries``, lead there. What has been fetched already is left as it is. MariaDB is
looked for, and not installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from stackswitch.errors import StackswitchError
from stackswitch.tools.downloads import file_lock, npm_packages
from stackswitch.tools.paths import cache_dir

HERE = Path(__file__).resolve().parent
LIBRARIES = (
    "composer",
    "jsonlint",
    "libphp-phpmailer",
    "php-composer-ca-bundle",
    "php-composer-class-map-generator",
    "php-composer-metadata-minifier",
    "php-composer-pcre",
    "php-composer-semver",
    "php-composer-spdx-licenses",
    "php-composer-xdebug-handler",
    "php-doctrine-cache",
    "php-doctrine-dbal",
    "php-doctrine-deprecations",
    "php-doctrine-event-manager",
    "php-getallheaders",
    "php-guzzlehttp-guzzle",
    "php-guzzlehttp-promises",
    "php-guzzlehttp-psr7",
    "php-json-schema",
    "php-psr-cache",
    "php-psr-container",
    "php-psr-http-client",
    "php-psr-http-factory",
    "php-psr-http-message",
    "php-psr-log",
    "php-react-promise",
    "php-seld-signal-handler",
    "php-symfony-console",
    "php-symfony-deprecation-contracts",
    "php-symfony-filesystem",
    "php-symfony-finder",
    "php-symfony-http-foundation",
    "php-symfony-process",
    "php-symfony-service-contracts",
    "php-symfony-string",
)
"""Debian's packages of PHP libraries, with what they need; each brings its licence in ``usr/share/doc``."""
_LAYOUT = 1
_MARIADB = ("mariadbd", "mariadb-install-db", "my_print_defaults")


def libraries() -> Path:
    """Fetch and unpack Debian's packages; return the folder that holds ``usr/share/php``.

    :raises RuntimeError: apt or dpkg is not there, or fails
    """
    digest = hashlib.sha256(" ".join(LIBRARIES).encode()).hexdigest()[:16]
    folder = cache_dir() / "debian" / f"php-{_LAYOUT}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(folder.with_name(f"{folder.name}.lock")):
        if folder.is_dir():
            return folder
        into = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _run(["apt-get", "download", "-q", *LIBRARIES], into)
            for archive in sorted(into.glob("*.deb")):
                _run(["dpkg-deb", "-x", str(archive), str(into)], into)
                archive.unlink()
            into.chmod(0o755)
            into.rename(folder)
        except BaseException:
            shutil.rmtree(into, ignore_errors=True)
            raise
    return folder


def _run(argv: list[str], cwd: Path) -> None:
    if shutil.which(argv[0]) is None:
        raise RuntimeError(
            f"{argv[0]} is not there: PHP's libraries come from the packages of Debian or Ubuntu"
        )
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise RuntimeError(f"{' '.join(argv[:2])} failed (try apt-get update first):\n{said}")


def _link(name: str, target: Path) -> None:
    link = HERE / name
    if link.is_symlink() and link.readlink() == target:
        return
    if link.exists() and not link.is_symlink():
        raise RuntimeError(f"{link} is in the way: it is no link of ours")
    new = HERE / f".{name}-{os.getpid()}"
    new.symlink_to(target)
    new.replace(link)


def main() -> int:
    """Fetch, link and say what is missing still."""
    try:
        _link("node_modules", npm_packages(HERE, progress=print) / "node_modules")
        _link("libraries", libraries())
    except (StackswitchError, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    if missing := [name for name in _MARIADB if shutil.which(name, path=places) is None]:
        print(
            f"MariaDB is not there ({', '.join(missing)}), and the suite needs it:"
            " apt-get install --no-install-recommends mariadb-server-core mariadb-client-core",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
