"""A Composer repository: packages made on the fly, and the libraries that prepare.py has fetched."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

LIBRARIES = Path(__file__).parents[1] / "libraries" / "usr" / "share" / "php"
_LIBRARIES: dict[str, tuple[str, str, dict[str, str], list[str]]] = {
    # name: namespace, folder, what it requires, files to load at once
    "guzzlehttp/guzzle": (
        "GuzzleHttp\\",
        "GuzzleHttp",
        {
            "guzzlehttp/promises": "*",
            "guzzlehttp/psr7": "*",
            "psr/http-client": "*",
            "symfony/deprecation": "*",
        },
        ["functions_include.php"],
    ),
    "guzzlehttp/promises": ("GuzzleHttp\\Promise\\", "GuzzleHttp/Promise", {}, []),
    "guzzlehttp/psr7": ("GuzzleHttp\\Psr7\\", "GuzzleHttp/Psr7", {"psr/http-message": "*"}, []),
    "psr/http-client": ("Psr\\Http\\Client\\", "Psr/Http/Client", {"psr/http-message": "*"}, []),
    "psr/http-message": ("Psr\\Http\\Message\\", "Psr/Http/Message", {}, []),
    "symfony/deprecation": ("", "Symfony/Contracts/Deprecation", {}, ["function.php"]),
}
_GREETING = """<?php
namespace Made;

class Greeting
{
    public static function to(string $whom): string
    {
        return 'hello ' . Name::of($whom);
    }
}
"""
_NAME = """<?php
namespace Made;

class Name
{
    public static function of(string $whom): string
    {
        return ucfirst($whom);
    }
}
"""
_MADE = {"made/greeting": {"src/Greeting.php": _GREETING}, "made/name": {"src/Name.php": _NAME}}
_VERSION = "1.0.0"


def index(origin: str) -> bytes:
    """The repository's ``packages.json``; archives are served by ``/dist/VENDOR+NAME.zip``."""
    found = {name: _manifest(name) for name in (*_MADE, *_LIBRARIES)}
    for name, manifest in found.items():
        manifest["dist"] = {"type": "zip", "url": f"{origin}/dist/{name.replace('/', '+')}.zip"}
    return json.dumps({"packages": {name: {_VERSION: each} for name, each in found.items()}}).encode()


def archive(file: str) -> bytes:
    """The zip file of a package.

    :raises KeyError: there is no such package
    """
    name = file.removesuffix(".zip").replace("+", "/")
    manifest = json.dumps(_manifest(name))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("composer.json", manifest)
        for path, text in _MADE.get(name, {}).items():
            made.writestr(path, text)
        if name in _LIBRARIES:
            folder = LIBRARIES / _LIBRARIES[name][1]
            for path in sorted(folder.rglob("*.php")):
                made.write(path, f"src/{path.relative_to(folder).as_posix()}")
    return buffer.getvalue()


def _manifest(name: str) -> dict[str, object]:
    manifest: dict[str, object] = {"name": name, "version": _VERSION}
    if name in _MADE:
        require = {"made/name": "*"} if name == "made/greeting" else {}
        return {**manifest, "require": require, "autoload": {"psr-4": {"Made\\": "src/"}}}
    namespace, _, require, files = _LIBRARIES[name]
    autoload: dict[str, object] = {"files": [f"src/{file}" for file in files]}
    if namespace:
        autoload["psr-4"] = {namespace: "src/"}
    return {**manifest, "require": require, "autoload": autoload}
