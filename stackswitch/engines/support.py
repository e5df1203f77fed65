"""Published data: which browsers of a query have JSPI, which Node is supported; pinned, from npm."""

from __future__ import annotations

import datetime
import json

from stackswitch.errors import ConfigError
from stackswitch.models.matrix import Support
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir
from stackswitch.tools.progress import Progress, silent
from stackswitch.tools.scripts import run_script

_TIMEOUT_S = 60.0


def read_support(query: str = "", today: datetime.date | None = None, progress: Progress = silent) -> Support:
    """Look up a browserslist query, and Node's schedule. Blocks; the data are fetched the first time.

    :param query: as browserslist takes it (``defaults``, ``> 0.5%``); empty: no browsers
    :param today: for Node's schedule; None: the real one
    :raises ConfigError: browserslist rejects the query
    :raises DownloadError: the data cannot be fetched
    :raises ToolError: the script that reads them failed
    """
    folder = node_shim_dir() / "support"
    today = today or datetime.datetime.now(tz=datetime.timezone.utc).date()
    packages = npm_packages(folder, progress=progress)
    task = {"packages": str(packages), "query": query, "today": today.isoformat()}
    # Run in our folder, so that only the query counts and no configuration of the current folder.
    record = run_script(
        "support.mjs",
        json.dumps(task),
        folder=folder,
        timeout_s=_TIMEOUT_S,
        problem="the support data could not be read",
    )
    if error := record.pop("error", ""):
        raise ConfigError(f"browserslist does not take the query {query!r}: {error.splitlines()[0]}")
    return Support.model_validate(record)
