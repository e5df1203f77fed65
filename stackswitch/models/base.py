"""What all models share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A fact: immutable, and with no field that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
