"""The table of Lua in a server, made from the file that ``examples/lua/load.py --json`` wrote."""

from __future__ import annotations

import json
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "lua-load.json"


def table() -> str:
    """Return what it says."""
    found = json.loads(_FILE.read_text("utf-8"))
    lines = [
        f"{found['requests']:,} requests, {found['at_once']:,} at once;"
        f" the median of {found['rounds']} alternating rounds.",
        "",
        "| | requests/s | the waits alone | Lua alone | requests / (waits + Lua) |"
        " CPU of a request, µs | of its waits | of its Lua |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        speed, cpu, ratio = row["requests_per_s"], row["cpu_us_per_request"], row["ratio"]
        lines.append(
            f"| {row['backend']} ({row['engine']}) |"
            f" {speed['both']:,.0f} | {speed['waits']:,.0f} | {speed['lua']:,.0f} |"
            f" {ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['greatest']:.2f}) |"
            f" {cpu['both']:.0f} | {cpu['waits']:.0f} | {cpu['lua']:.0f} |"
        )
    return "\n".join(lines)
