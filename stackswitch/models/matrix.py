"""The result of ``stackswitch matrix``: the jobs for CI, and which users have JSPI."""

from __future__ import annotations

from typing import Literal

from .base import Frozen


class Job(Frozen):
    """One job: an engine, a backend, the build it takes, and the command.

    ``engine``: as ``--engine`` takes it, of the probed version. ``flags``: those that the backend needs, by
    probes. ``build``: ``plain`` or ``asyncified``. ``features``: names out of ``models.features`` that the
    engine has with these flags, by probes. ``lacks``: features that a case of the suite needs and the engine
    does not have: these cases end as ``unsupported``. ``shard``: which part of the suite, ``2/3``; empty:
    all. ``run``: the command. ``results``: the file that it writes.
    """

    name: str
    engine: str
    version: str
    flags: tuple[str, ...] = ()
    backend: str
    build: Literal["plain", "asyncified"]
    features: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    shard: str = ""
    run: str
    results: str


class LeftOut(Frozen):
    """An engine of the policy without a job for a backend, and why."""

    engine: str
    backend: str
    reason: str


class BrowserUse(Frozen):
    """A browser of a query. ``share``: of all use (percent). ``jspi``: whether it has JSPI; None: unknown."""

    name: str
    share: float
    jspi: bool | None


class Support(Frozen):
    """What published data say. ``versions``: of the data, by npm package. ``node_lts``: major versions."""

    versions: dict[str, str]
    node_lts: tuple[str, ...]
    browsers: tuple[BrowserUse, ...] = ()

    @property
    def use(self) -> float:
        """The share of all use that these browsers have (percent)."""
        return sum(each.share for each in self.browsers)

    @property
    def use_with_jspi(self) -> float:
        """The share of this use that has JSPI (percent)."""
        return 100 * sum(each.share for each in self.browsers if each.jspi) / self.use

    @property
    def without_jspi(self) -> list[BrowserUse]:
        """The browsers that do not have JSPI, or of which it is unknown; the most used ones first."""
        return sorted((each for each in self.browsers if not each.jspi), key=lambda each: -each.share)

    @property
    def sources(self) -> str:
        """The data, with their versions."""
        return ", ".join(f"{name} {version}" for name, version in sorted(self.versions.items()))

    @property
    def summary(self) -> str:
        """Which share of the use has JSPI, and which browsers do not, in a line; empty without browsers."""
        if not self.use:
            return ""
        names = ", ".join(
            f"{each.name} ({each.share:.1f}%{', not known' if each.jspi is None else ''})"
            for each in self.without_jspi
        )
        rest = f"; these do not: {names}" if names else ""
        return (
            f"of the browsers in the query ({self.use:.0f}% of all use),"
            f" {self.use_with_jspi:.0f}% of use has JSPI{rest} (by {self.sources})"
        )


class Matrix(Frozen):
    """The jobs of a support policy."""

    schema_version: Literal[1] = 1
    jobs: tuple[Job, ...]
    left_out: tuple[LeftOut, ...] = ()
    support: Support | None = None
