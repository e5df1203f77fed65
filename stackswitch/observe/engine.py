"""The Node that a traced command is to run on: any will do, even one without JSPI."""

from __future__ import annotations

from pathlib import Path

from stackswitch.engines.locate import parse_spec
from stackswitch.errors import BackendUnavailableError
from stackswitch.tools.downloads import npm_package
from stackswitch.tools.paths import this_platform
from stackswitch.tools.progress import Progress, silent


def engine_program(spec: str, progress: Progress = silent) -> Path | None:
    """Return the program that ``node@24`` or ``node:/path/to/node`` names; None: ``node``, the one on PATH.

    Unlike ``find_engine`` it is not probed: an Asyncify build is observed on engines that know no JSPI.

    :raises ConfigError: the spec is none
    :raises BackendUnavailableError: npm has none for this platform, or there is no such file
    :raises DownloadError: the version cannot be fetched
    """
    kind, version, path = parse_spec(spec)
    if version is not None:
        package = kind.packages.get(this_platform())
        if package is None:
            raise BackendUnavailableError(f"npm has no {kind.name} for {this_platform()}")
        return npm_package(package, version, progress=progress) / kind.inside
    if path is not None and not path.is_file():
        raise BackendUnavailableError(f"{path}: there is no such file")
    return path
