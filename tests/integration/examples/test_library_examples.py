"""The examples of the library do on every backend what they say."""

from __future__ import annotations

import asyncio
import importlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

web = pytest.importorskip("aiohttp.web")
EXAMPLES = Path(__file__).parents[3] / "examples"
BACKENDS = ("asyncify", "fiber", "jspi")


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import a file of an example, and forget it again: another has files of the same names."""
    before = set(sys.modules)

    def load(name: str, file: str) -> Any:
        monkeypatch.syspath_prepend(str(EXAMPLES / name))
        return importlib.import_module(file)

    yield load
    for each in set(sys.modules) - before:
        origin = getattr(sys.modules[each], "__file__", None)
        if origin and Path(origin).is_relative_to(EXAMPLES):
            del sys.modules[each]


async def serve(app: Any) -> tuple[Any, str]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.mark.parametrize("backend", BACKENDS)
def test_lua_scripts_wait_in_a_server(example: Any, backend: str) -> None:
    server = example("lua", "server")

    async def body() -> None:
        from aiohttp import ClientSession

        runner, url = await serve(server.application(backend))
        try:
            async with ClientSession() as session:

                async def get(path: str) -> tuple[int, str]:
                    async with session.get(url + path) as answer:
                        return answer.status, await answer.text()

                assert await get("/greet/ada") == (200, "Hello ADA LOVELACE, visit 4")
                assert await get("/greet/nobody") == (422, "there is no user nobody")
                started = asyncio.get_running_loop().time()
                answers = await asyncio.gather(*(get(f"/greet/{number}") for number in range(100)))
                took = asyncio.get_running_loop().time() - started
                assert answers == [(200, f"Hello USER, visit {len(str(n)) + 1}") for n in range(100)]
                assert took < 100 * 2 * server.LATENCY_S  # they did not wait one after another
                async with session.post(url + "/run?request=6", data="sleep(5) return 7 * ...") as answer:
                    assert await answer.text() == "42"
                async with session.post(url + "/run", data="return )") as answer:
                    assert answer.status == 422
                    assert "unexpected symbol near ')'" in await answer.text()
        finally:
            await runner.cleanup()

    asyncio.run(body())


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_sqlite_reads_its_pages_over_http(example: Any, backend: str, tmp_path: Path) -> None:
    remote = example("sqlite", "remote")
    path = tmp_path / "some.db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE words (number INTEGER PRIMARY KEY, word TEXT, length REAL, raw BLOB)")
        made.executemany(
            "INSERT INTO words VALUES (?, ?, ?, ?)",
            (
                (n, f"word {n * 7919 % 50000}", n / 2, bytes([n % 256]) if n % 2 else None)
                for n in range(50000)
            ),
        )
        made.execute("CREATE INDEX by_word ON words (word)")
    made.close()

    async def body() -> None:
        app = web.Application()
        app.router.add_static("/", tmp_path)
        runner, url = await serve(app)
        queries = (
            "SELECT * FROM words WHERE word = 'word 123'",
            "SELECT number, raw FROM words WHERE number BETWEEN 49990 AND 49999 ORDER BY word DESC",
            "SELECT count(*), NULL, 1.5, 'text' FROM words WHERE number < 10",
        )
        try:
            async with remote.RemoteDatabase(f"{url}/some.db", backend=backend) as database:
                own = sqlite3.connect(path)
                for sql in queries:
                    assert [tuple(row) for row in await database.query(sql)] == own.execute(sql).fetchall()
                own.close()
                assert database.received_bytes < path.stat().st_size / 4
                assert database.requests > 3
                with pytest.raises(remote.RemoteError, match="no such table: nowhere"):
                    await database.query("SELECT * FROM nowhere")
                assert await database.query("SELECT 1") == [[1]]
            with pytest.raises(remote.RemoteError):
                async with remote.RemoteDatabase(f"{url}/none.db", backend=backend) as database:
                    await database.query("SELECT * FROM sqlite_master")
        finally:
            await runner.cleanup()

    asyncio.run(body())
