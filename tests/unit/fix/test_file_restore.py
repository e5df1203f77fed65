from __future__ import annotations

import base64
from pathlib import Path

from stackswitch.fix.file_restore import restore


def test_old_contents_are_restored_and_new_files_removed(tmp_path: Path) -> None:
    one, made, same = tmp_path / "one.txt", tmp_path / "made.txt", tmp_path / "same.txt"
    one.write_text("new")
    one.chmod(0o640)
    made.write_text("new")
    same.write_text("as it was")
    before = same.stat()
    encoded = {name: base64.b64encode(text).decode() for name, text in ((one, b"old"), (same, b"as it was"))}
    restore({**{str(path): data for path, data in encoded.items()}, str(made): None})
    assert one.read_text() == "old"
    assert one.stat().st_mode & 0o777 == 0o640
    assert not made.exists()
    assert same.stat().st_ino == before.st_ino
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.txt", "same.txt"]
