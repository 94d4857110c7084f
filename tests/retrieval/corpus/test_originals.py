from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.corpus.originals import OriginalFiles, fingerprint_of
from retrieval.errors import StorageError
from tests.retrieval.corpus.house import BRIDGE, House, upload


def test_a_file_is_kept_byte_for_byte_and_once(tmp_path: Path) -> None:
    originals = OriginalFiles(tmp_path / "originals")
    content = bytes(range(256))
    assert originals.keep(content) == originals.keep(content) == fingerprint_of(content)
    assert originals.get(fingerprint_of(content)) == content
    assert len(list((tmp_path / "originals").iterdir())) == 1


def test_what_is_missing_or_was_changed_is_none(tmp_path: Path) -> None:
    originals = OriginalFiles(tmp_path)
    assert originals.get(fingerprint_of(b"never kept")) is None
    name = originals.keep(b"content")
    (tmp_path / name).write_bytes(b"comtent")
    assert originals.get(name) is None
    assert originals.keep(b"content") == name, "keeping it again mends it"
    assert originals.get(name) == b"content"


def test_what_no_source_has_any_more_is_deleted(tmp_path: Path) -> None:
    originals = OriginalFiles(tmp_path)
    one, two = originals.keep(b"one"), originals.keep(b"two")
    originals.discard_all_but({two})
    assert (originals.get(one), originals.get(two)) == (None, b"two")
    OriginalFiles(tmp_path / "nowhere").discard_all_but(set())


def test_a_folder_that_cannot_be_written_is_named_with_a_remedy() -> None:
    with pytest.raises(StorageError, match=r"/proc/x.*FOOTNOTE_DATA_DIR"):
        OriginalFiles(Path("/proc/x")).keep(b"content")


def test_an_upload_can_be_had_as_it_was(house: House) -> None:
    corpus = house.opened().shared
    corpus.add(upload("bridge.md", f"---\nauthor: A. One\n---\n{BRIDGE}\r\n"))
    by_name = {entry.source.name: entry for entry in corpus.inventory().entries}
    expected = f"---\nauthor: A. One\n---\n{BRIDGE}\r\n".encode()
    assert corpus.original(by_name["bridge.md"]) == expected
    assert corpus.original(by_name["battle.md"]) is None, "that is in the articles' folder"
    (kept,) = house.data.rglob("originals/*")
    kept.write_bytes(b"damaged")
    assert corpus.original(by_name["bridge.md"]) is None


def test_the_upload_that_was_replaced_is_deleted(house: House) -> None:
    corpus = house.opened().shared
    for text in (BRIDGE, "Another text."):
        corpus.add(upload("bridge.md", text))
    assert [path.read_bytes() for path in house.data.rglob("originals/*")] == [b"Another text."]
