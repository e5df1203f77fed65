"""A MariaDB of our own: its data in our folder, on our port; one that the system runs is left alone."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

READY_TIMEOUT_S = 60.0
_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec")
_SETUP = """
CREATE DATABASE shop;
CREATE USER 'php'@'%' IDENTIFIED BY 'secret';
GRANT ALL ON shop.* TO 'php'@'%';
USE shop;
CREATE TABLE words (id INT PRIMARY KEY, word VARCHAR(40) NOT NULL) ENGINE=InnoDB;
INSERT INTO words VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four');
CREATE TABLE sessions (sess_id VARBINARY(128) NOT NULL PRIMARY KEY, sess_data BLOB NOT NULL,
  sess_time INTEGER UNSIGNED NOT NULL,
  sess_lifetime INTEGER UNSIGNED NOT NULL) COLLATE utf8mb4_bin, ENGINE = InnoDB;
CREATE DEFINER=`php`@`%` PROCEDURE two_results() SELECT 'first' UNION SELECT 'second';
FLUSH PRIVILEGES;
"""


@dataclass
class Database:
    """A server that runs, and its port on 127.0.0.1; database ``shop``, user ``php``, password ``secret``."""

    port: int
    process: asyncio.subprocess.Process

    async def stop(self) -> None:
        """End it and wait until it has."""
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


async def start(folder: Path) -> Database:
    """Make a new data folder in ``folder``, start a server on it and wait until it answers.

    :raises RuntimeError: MariaDB is not there, or does not start
    """
    data, log, setup = folder / "data", folder / "mariadb.log", folder / "setup.sql"
    owner = ["--user=root"] if os.geteuid() == 0 else []
    with log.open("wb") as said:
        install = await asyncio.create_subprocess_exec(
            _program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--innodb-log-file-size=4M",
            *owner,
            stdout=said,
            stderr=said,
        )
        if await install.wait():
            raise RuntimeError(f"mariadb-install-db failed:\n{_end_of(log)}")
        setup.write_text(
            "".join(f"{' '.join(each.split())};\n" for each in _SETUP.split(";") if each.strip())
        )
        port = _free_port()
        server = await asyncio.create_subprocess_exec(
            _program("mariadbd"),
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={folder / 'socket'}",
            f"--pid-file={folder / 'pid'}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            f"--init-file={setup}",
            "--innodb-log-file-size=4M",
            "--innodb-buffer-pool-size=16M",
            "--innodb-flush-log-at-trx-commit=0",
            "--performance-schema=OFF",
            *owner,
            stdout=said,
            stderr=said,
        )
    database = Database(port, server)
    try:
        await asyncio.wait_for(_answers(port, server), READY_TIMEOUT_S)
    except (asyncio.TimeoutError, RuntimeError):
        await database.stop()
        raise RuntimeError(f"MariaDB does not start:\n{_end_of(log)}") from None
    return database


async def _answers(port: int, server: asyncio.subprocess.Process) -> None:
    """Wait for the greeting; it comes after the setup has run."""
    while server.returncode is None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            greeting = await reader.read(5)
            writer.close()
            if greeting:
                return
        except ConnectionError:
            pass
        await asyncio.sleep(0.05)
    raise RuntimeError


def _program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_PLACES]))
    if found is None:
        raise RuntimeError(
            f"{name} is not there: apt-get install --no-install-recommends"
            " mariadb-server-core mariadb-client-core"
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_of(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-2000:]
