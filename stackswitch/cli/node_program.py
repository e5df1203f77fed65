"""Which program ``node`` is in a command of the user's."""

from __future__ import annotations

import os
from collections.abc import Mapping

from stackswitch.observe.engine import engine_program

from .console import Console
from .progress import Progress


def environment_for(engine: str | None, environment: Mapping[str, str], console: Console) -> dict[str, str]:
    """Return an environment whose ``PATH`` has the folder of the engine's program first.

    :param engine: as ``--engine`` takes it; None: the environment stays as it is
    :raises ConfigError: the engine is unknown
    :raises DownloadError: the engine cannot be fetched
    """
    if engine is None:
        return dict(environment)
    with Progress(console) as progress:
        program = engine_program(engine, progress.say)
    if program is None:
        return dict(environment)
    return {**environment, "PATH": f"{program.absolute().parent}{os.pathsep}{environment.get('PATH', '')}"}
