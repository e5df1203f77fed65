"""Configuration: ``stackswitch.toml``, or ``[tool.stackswitch]`` in pyproject.toml; flags win."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from stackswitch.errors import ConfigError, DataOnlyError
from stackswitch.models.base import Frozen
from stackswitch.tools.parsing import read_toml, texts_in

CONFIG_NAME = "stackswitch.toml"


def _words(value: object) -> object:
    """Read ``a,b`` as a list, for environment variables."""
    return (
        tuple(filter(None, (word.strip() for word in value.split(",")))) if isinstance(value, str) else value
    )


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


def _file_of_lists(value: object) -> object:
    """Read ``lists = "FILE"`` as ``[lists] file = "FILE"``."""
    return {"file": value} if isinstance(value, (str, Path)) else value


class ListSettings(Frozen):
    """``[lists]``: where the lists live that ``fix`` keeps, and what is asserted of functions.

    ``file`` and ``variable``: as its ``--list`` and ``--variable``. ``never``: functions that never wait;
    ``always``: those that are to be instrumented whatever was seen; entries as Binaryen's lists have them.
    """

    file: Path | None = None
    variable: str | None = None
    never: tuple[str, ...] = ()
    always: tuple[str, ...] = ()


class FixSettings(Frozen):
    """``[fix]``: what ``fix`` runs.

    ``build``: the command that makes the modules again, as ``--build``; run in the folder of the
    configuration. ``built``: the module that it makes, for lists computed from traces.
    """

    build: str | None = None
    built: Path | None = None


class ReportSettings(Frozen):
    """``[report]``: ``silence``: rules that do not count here, each with its reason."""

    silence: dict[str, str] = {}


class TraceSettings(Frozen):
    """``[trace]``: ``silence``: rules whose findings do not count here, each with its reason."""

    silence: dict[str, str] = {}


class Settings(BaseSettings):
    """What a project may set. The environment (``STACKSWITCH_…``) goes before the file.

    ``suite``: the folder of cases; ``backends``: which to run; ``engine``: for those that need one;
    ``jobs``: cases at a time; ``timeout_s``: for every case (seconds); ``wasm_opt``: Binaryen's tool;
    ``allow_skip``: the backends that may be skipped where they are not available; ``require``: those that
    must not be skipped, whatever ``allow_skip`` says, and that run where no backend is named; ``engines``:
    those to support, for ``matrix``; ``browserslist``: a query for it.
    ``data_only``: refuse suites and settings that start programs, as ``--data-only``;
    ``lists``: the file in which the list lives that ``fix`` keeps, or a table (``ListSettings``);
    ``list_variable``: which one in the file. ``fix``: see ``FixSettings``; ``report``: ``ReportSettings``;
    ``trace``: ``TraceSettings``.
    """

    model_config = SettingsConfigDict(env_prefix="STACKSWITCH_", extra="forbid", frozen=True)

    suite: Path | None = None
    backends: Names = ()
    engine: str | None = None
    jobs: int = Field(default=2, ge=1, le=64)
    timeout_s: float | None = Field(default=None, gt=0)
    wasm_opt: Path | None = None
    allow_skip: Names = ()
    require: Names = ()
    data_only: bool = False
    lists: Annotated[ListSettings, NoDecode, BeforeValidator(_file_of_lists)] = ListSettings()
    list_variable: str | None = None
    fix: FixSettings = FixSettings()
    asyncify: dict[str, tuple[str, ...]] = {}
    jspi: dict[str, tuple[str, ...]] = {}
    report: ReportSettings = ReportSettings()
    trace: TraceSettings = TraceSettings()
    engines: Names = ()
    browserslist: str | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then what ``load_settings`` has read."""
        return env_settings, init_settings


def load_settings(folder: Path) -> Settings:
    """Read the nearest configuration, in ``folder`` or above it; paths in it are relative to its file.

    :raises ConfigError: the file is not TOML, or has an unknown key or a value of a wrong type
    """
    where, data = _nearest(folder)
    for text in texts_in(data):
        if "\0" in text:
            raise ConfigError(f"{where}: no setting takes a NUL character: {text!r}")
    try:
        settings = Settings(**data)
    except ValidationError as error:
        lines = [f"{where or 'the environment (STACKSWITCH_…)'}: the configuration is not valid:"]
        lines += [
            f"  {'.'.join(map(str, each['loc']))}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors(include_url=False)
        ]
        raise ConfigError("\n".join(lines)) from None
    if where is None:
        return settings
    own: dict[str, Any] = {
        name: where.parent / value
        for name in ("suite", "wasm_opt")
        if name in data and (value := getattr(settings, name)) is not None
    }
    if "lists" in data and settings.lists.file is not None:
        own["lists"] = settings.lists.model_copy(update={"file": where.parent / settings.lists.file})
    if settings.fix.built is not None:
        own["fix"] = settings.fix.model_copy(update={"built": where.parent / settings.fix.built})
    return settings.model_copy(update=own)


def refuse_programs(settings: Settings, *, named: Collection[str] = ()) -> None:
    """Reject a configuration that names programs where only data may run.

    :param named: the settings that an option has overruled
    :raises DataOnlyError: it names one
    """
    where = _nearest(Path.cwd())[0] or Path("the environment (STACKSWITCH_…)")
    programs = {
        "engine": settings.engine if settings.engine and ":" in settings.engine else None,
        "wasm_opt": str(settings.wasm_opt) if settings.wasm_opt else None,
        "fix.build": settings.fix.build,
    }
    starts = [f"{where}: {name}: {value}" for name, value in programs.items() if value and name not in named]
    if starts:
        what = "the configuration names programs, and only data may run (--data-only, data_only)"
        raise DataOnlyError(f"{what}; nothing was run", starts=starts)


def config_folder(folder: Path) -> Path | None:
    """Return the folder of the configuration that holds for ``folder``; None: there is none."""
    where, _ = _nearest(folder)
    return None if where is None else where.parent


def _nearest(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    for each in (folder, *folder.parents):
        own = each / CONFIG_NAME
        if own.is_file():
            return own, read_toml(own, ConfigError)
        project = each / "pyproject.toml"
        if project.is_file():
            data = read_toml(project, ConfigError).get("tool", {}).get("stackswitch")
            if data is not None:
                return project, data
    return None, {}
