"""Configuration: ``stackswitch.toml``, or ``[tool.stackswitch]`` in pyproject.toml; flags win."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from stackswitch.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIG_NAME = "stackswitch.toml"


def _words(value: object) -> object:
    """Take ``a,b`` for a list, as the environment has it."""
    return (
        tuple(filter(None, (word.strip() for word in value.split(",")))) if isinstance(value, str) else value
    )


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


class Settings(BaseSettings):
    """What a project may set. The environment (``STACKSWITCH_…``) goes before the file.

    ``suite``: the folder of cases; ``backends``: which to run; ``engine``: for those that need one;
    ``jobs``: cases at a time; ``timeout_s``: for every case (seconds); ``wasm_opt``: Binaryen's tool;
    ``require``: the backends that must not be skipped where all are run; ``engines``: those to support, for
    ``matrix``; ``browserslist``: a query for it.
    ``lists``: the file in which the list lives that ``fix`` keeps, as its ``--list``; ``list_variable``:
    which one in it.
    """

    model_config = SettingsConfigDict(env_prefix="STACKSWITCH_", extra="forbid", frozen=True)

    suite: Path | None = None
    backends: Names = ()
    engine: str | None = None
    jobs: int = Field(default=2, ge=1, le=64)
    timeout_s: float | None = Field(default=None, gt=0)
    wasm_opt: Path | None = None
    require: Names = ()
    lists: Path | None = None
    list_variable: str | None = None
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

    :raises ConfigError: the file is not TOML, or says something we do not know
    """
    where, data = _nearest(folder)
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
    return settings.model_copy(
        update={
            name: where.parent / value
            for name in ("suite", "wasm_opt", "lists")
            if name in data and (value := getattr(settings, name)) is not None
        }
    )


def _nearest(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    for each in (folder, *folder.parents):
        own = each / CONFIG_NAME
        if own.is_file():
            return own, _read(own)
        project = each / "pyproject.toml"
        if project.is_file():
            data = _read(project).get("tool", {}).get("stackswitch")
            if data is not None:
                return project, data
    return None, {}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
