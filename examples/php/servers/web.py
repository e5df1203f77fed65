"""An HTTP/1.1 server: each path is an answer of another kind, made from the path itself."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

import packages
from mail import Letters

Headers = Mapping[str, str]
_REASONS = {200: "OK", 302: "Found", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error"}


@dataclass
class Request:
    """A request; ``words`` are the parts of its path, decoded, behind the first."""

    method: str
    target: str
    headers: Headers
    body: bytes
    words: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Where this server is, as the client wrote it."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"


@dataclass
class Answer:
    """An answer; ``pieces`` are sent chunked, each after ``pause_s``; without any, ``body`` in one."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()
    pieces: tuple[bytes, ...] = ()
    pause_s: float = 0.0


class Site:
    """All paths of the server."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters
        self._paths: dict[str, Callable[[Request], Answer]] = {
            "say": lambda asked: Answer(asked.words[0].encode()),
            "slow": lambda asked: Answer(asked.words[1].encode(), pause_s=int(asked.words[0]) / 1000),
            "chunks": _chunks,
            "lines": lambda asked: Answer(
                b"".join(b"line %d\n" % n for n in range(1, int(asked.words[0]) + 1))
            ),
            "bytes": lambda asked: Answer(bytes(n % 251 for n in range(int(asked.words[0])))),
            "redirect": _redirect,
            "status": lambda asked: Answer(b"as asked", status=int(asked.words[0])),
            "echo": lambda asked: Answer(f"{asked.method} ".encode() + asked.body),
            "header": lambda asked: Answer(asked.headers.get(asked.words[0].lower(), "none").encode()),
            "answer-header": lambda asked: Answer(headers=((asked.words[0], asked.words[1]),)),
            "cookie": _cookie,
            "gzip": lambda asked: Answer(
                gzip.compress(asked.words[0].encode()), headers=(("Content-Encoding", "gzip"),)
            ),
            "gzip-file": lambda asked: Answer(
                gzip.compress(asked.words[0].encode()), kind="application/gzip"
            ),
            "private": _private,
            "php": lambda asked: Answer(f"<?php return {asked.words[0]!r};".encode()),
            "json": lambda asked: Answer(f'{{"said": "{asked.words[0]}"}}'.encode(), kind="application/json"),
            "xml": lambda asked: Answer(
                f"<list><word n='1'>{asked.words[0]}</word><word n='2'>end</word></list>".encode(),
                kind="text/xml",
            ),
            "html": lambda asked: Answer(f"<p id='said'>{asked.words[0]}</p>".encode(), kind="text/html"),
            "dtd": lambda asked: Answer(f"<!ENTITY said '{asked.words[0]}'>".encode(), kind="text/xml"),
            "xsd": lambda asked: Answer(_SCHEMA, kind="text/xml"),
            "ini": lambda asked: Answer(f"[words]\nsaid = {asked.words[0]}\n".encode()),
            "csv": lambda asked: Answer(f"said,{asked.words[0]}\nnext,row\n".encode(), kind="text/csv"),
            "png": lambda asked: Answer(_png(int(asked.words[0]), int(asked.words[1])), kind="image/png"),
            "wsdl": lambda asked: Answer(_WSDL.replace("ORIGIN", asked.origin).encode(), kind="text/xml"),
            "soap": _soap,
            "mail": lambda asked: Answer(self._letters.bodies.get(asked.words[0], "none").encode()),
            "packages.json": lambda asked: Answer(packages.index(asked.origin), kind="application/json"),
            "dist": lambda asked: Answer(packages.archive(asked.words[0]), kind="application/zip"),
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open for as long as the client wants it."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while (asked := await _read(reader)) is not None:
                keep = asked.headers.get("connection", "keep-alive").lower() != "close"
                await _write(writer, asked, self._answer(asked), keep)
                if not keep:
                    break
            writer.close()
            await writer.wait_closed()

    def _answer(self, asked: Request) -> Answer:
        first, *asked.words = [unquote(word) for word in asked.target.split("?")[0].strip("/").split("/")]
        path = self._paths.get(first)
        try:
            return path(asked) if path else Answer(b"no such path", status=404)
        except (ValueError, IndexError, KeyError) as error:
            return Answer(f"{first}: {error!r}".encode(), status=500)


async def _read(reader: asyncio.StreamReader) -> Request | None:
    line = (await reader.readline()).decode("latin-1").split()
    if len(line) != 3:
        return None
    headers: dict[str, str] = {}
    while name_value := (await reader.readline()).decode("latin-1").strip():
        name, _, value = name_value.partition(":")
        headers[name.lower()] = value.strip()
    if line[2] == "HTTP/1.0":
        headers.setdefault("connection", "close")
    return Request(line[0], line[1], headers, await reader.readexactly(int(headers.get("content-length", 0))))


async def _write(writer: asyncio.StreamWriter, asked: Request, answer: Answer, keep: bool) -> None:
    head = [
        f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Said')}",
        f"Content-Type: {answer.kind}",
        f"Connection: {'keep-alive' if keep else 'close'}",
        *(f"{name}: {value}" for name, value in answer.headers),
    ]
    head.append("Transfer-Encoding: chunked" if answer.pieces else f"Content-Length: {len(answer.body)}")
    if answer.pause_s and not answer.pieces:
        await asyncio.sleep(answer.pause_s)
    writer.write("\r\n".join([*head, "", ""]).encode())
    if asked.method != "HEAD":
        writer.write(answer.body)
        for piece in answer.pieces:
            await writer.drain()
            await asyncio.sleep(answer.pause_s)
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        writer.write(b"0\r\n\r\n" if answer.pieces else b"")
    await writer.drain()


def _chunks(asked: Request) -> Answer:
    return Answer(pieces=tuple(word.encode() for word in asked.words), pause_s=0.02)


def _redirect(asked: Request) -> Answer:
    left = int(asked.words[0])
    place = f"/redirect/{left - 1}/{asked.words[1]}" if left > 1 else f"/say/{asked.words[1]}"
    return Answer(status=302, headers=(("Location", asked.origin + place),))


def _cookie(asked: Request) -> Answer:
    return Answer(asked.headers.get("cookie", "none").encode(), headers=(("Set-Cookie", "seen=yes; path=/"),))


def _private(asked: Request) -> Answer:
    scheme, _, token = asked.headers.get("authorization", "").partition(" ")
    if scheme == "Basic" and base64.b64decode(token) == b"me:mine":
        return Answer(b"come in")
    return Answer(b"stay out", status=401, headers=(("WWW-Authenticate", 'Basic realm="private"'),))


def _png(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + b"\xff\0\0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _soap(asked: Request) -> Answer:
    word = asked.body.decode("utf-8").partition("<word")[2].partition(">")[2].partition("<")[0]
    said = (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<s:sayResponse xmlns:s="urn:say"><said>{word.upper()}</said></s:sayResponse></e:Body></e:Envelope>'
    )
    return Answer(said.encode(), kind="text/xml")


_SCHEMA = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="list"><xs:complexType>
<xs:sequence><xs:element name="word" maxOccurs="unbounded"><xs:complexType><xs:simpleContent>
<xs:extension base="xs:string"><xs:attribute name="n" type="xs:int"/></xs:extension></xs:simpleContent>
</xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"""

_WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:say" targetNamespace="urn:say"
 xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<message name="In"><part name="word" type="xsd:string"/></message>
<message name="Out"><part name="said" type="xsd:string"/></message>
<portType name="Port"><operation name="say">
<input message="t:In"/><output message="t:Out"/></operation></portType>
<binding name="Binding" type="t:Port"><soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="say"><soap:operation soapAction="say"/>
<input><soap:body use="literal" namespace="urn:say"/></input>
<output><soap:body use="literal" namespace="urn:say"/></output></operation></binding>
<service name="Say"><port name="Port" binding="t:Binding">
<soap:address location="ORIGIN/soap"/></port></service>
</definitions>"""
