"""The base class of all models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable model without undeclared fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
