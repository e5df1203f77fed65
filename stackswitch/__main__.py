"""``python -m stackswitch``."""

from __future__ import annotations

from stackswitch.cli import main

main()
