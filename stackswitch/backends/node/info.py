"""What a backend on a JavaScript engine says of itself."""

from __future__ import annotations

from stackswitch.engines.locate import Engine
from stackswitch.models.backend import BackendInfo


def engine_info(name: str, engine: Engine) -> BackendInfo:
    """Describe a backend on an engine.

    :param name: the backend's
    """
    details = {"path": f"{engine.path} ({engine.source})"}
    if engine.passed_over:
        details["passed over"] = "; ".join(engine.passed_over)
    return BackendInfo(
        name=name,
        engine=engine.kind,
        engine_version=engine.version,
        features=engine.features,
        flags=engine.flags,
        details=details,
    )
