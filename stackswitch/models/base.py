"""What models have in common: their base class, and a frame of a stack."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable model without undeclared fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Frame = tuple[int, int, str]
"""Function index (imports included), byte offset in the module (-1: unknown), name."""
