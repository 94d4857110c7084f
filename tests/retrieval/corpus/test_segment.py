"""A segment: the same in memory and on the disk, and refused where it does not fit together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrieval.articles import Article, Span
from retrieval.corpus import storage
from retrieval.corpus.encoding import encoded_passages
from retrieval.corpus.segment import Segment, build_segment, open_segment, write_segment
from retrieval.corpus.segment_articles import RECORDS
from retrieval.encoders.kept import form_of
from retrieval.engines import IndexedPassage
from retrieval.engines.embedded import CHECKED_ON_READING, EmbeddedEngine, columns
from retrieval.errors import CorpusError, DamagedError
from retrieval.languages import Language
from retrieval.preparation import prepare
from tests.faults.world import question_about, text_of
from tests.table_encoder import TableEncoder

MODEL = TableEncoder.name
IDS = ("file-1", "file-2", "file-3")
ARTICLES = [(Article(id_, id_, text_of(id_, 7)), Language("en")) for id_ in IDS]
KNOWN = [*ARTICLES, (Article("fr", "Élan", "L'élan traverse\0 le fleuve gelé."), Language("fr"))]


@pytest.fixture(scope="module")
def encoder() -> TableEncoder:
    return TableEncoder()


@pytest.fixture(scope="module")
def passages(encoder: TableEncoder) -> list[IndexedPassage]:
    return list(encoded_passages([prepare(article) for article, _ in KNOWN], encoder))


@pytest.fixture(params=[1, 1 << 20], ids=["mapped", "read"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one, whose files are mapped or read."""
    monkeypatch.setattr(columns, "_MAPPED_FROM", request.param)
    return tmp_path


def written(folder: Path, passages: Sequence[IndexedPassage], *, trusted: bool = True) -> Segment:
    manifest = write_segment(folder, MODEL, KNOWN, iter(passages), 9.0)
    return open_segment("one", folder, manifest["model"], trusted=trusted)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_segment_on_the_disk_is_what_it_is_in_memory(
    folder: Path, passages: list[IndexedPassage], encoder: TableEncoder, trusted: bool
) -> None:
    kept = written(folder, passages, trusted=trusted)
    made = build_segment("one", MODEL, KNOWN, passages, 9.0)
    for segment in (made, kept):
        segment.check()
        assert segment.name == "one"
        assert list(segment.articles) == [article.id for article, _ in KNOWN]
        assert [segment.articles[article.id] for article, _ in KNOWN] == [a for a, _ in KNOWN]
        assert segment.languages == {Language("en"), Language("fr")}
        assert {"gele", "torvald"} <= segment.vocabulary
        assert isinstance(segment.engine, EmbeddedEngine)
        assert [segment.engine.text_hash(row) for row in range(len(passages))] == [
            item.text_hash for item in passages
        ]
    assert made.vocabulary == kept.vocabulary
    for id_ in IDS:
        asked = encoder.encode_question(question_about(id_))
        words = question_about(id_).lower().split()
        ours, theirs = (s.engine.candidates(asked.vector, words, 5) for s in (made, kept))
        np.testing.assert_array_equal(ours.rows, theirs.rows)
        np.testing.assert_array_equal(ours.dense, theirs.dense)
        np.testing.assert_array_equal(ours.lexical, theirs.lexical)
        rows = ours.rows.tolist()
        vectors = asked.tokens.vectors.astype(np.float32)
        np.testing.assert_array_equal(
            made.engine.token_matches(vectors, rows).cosines,
            kept.engine.token_matches(vectors, rows).cosines,
        )


def test_the_same_is_written_the_same_to_the_byte(
    tmp_path: Path, passages: list[IndexedPassage]
) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, passages)
        files = (path for path in (tmp_path / name).rglob("*") if path.is_file())
        found.append(
            {path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in files}
        )
    assert found[0] == found[1]


Harm = Callable[[IndexedPassage], IndexedPassage]


def beyond(item: IndexedPassage) -> IndexedPassage:
    return replace(item, passage=replace(item.passage, span=Span(0, 10**6)))


def empty(item: IndexedPassage) -> IndexedPassage:
    return replace(item, passage=replace(item.passage, span=Span(3, 3)))


def strange(item: IndexedPassage) -> IndexedPassage:
    return replace(item, passage=replace(item.passage, article="another"))


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (beyond, "Passage 1 is not in its article"),
        (empty, "Passage 1 is not in its article"),
        (strange, "The article another is not there"),
    ],
)
def test_an_index_that_is_not_that_of_the_articles_is_not_used(
    passages: list[IndexedPassage], harm: Harm, why: str
) -> None:
    wrong = [passages[0], harm(passages[1]), *passages[2:]]
    with pytest.raises(CorpusError, match=why):
        build_segment("one", MODEL, KNOWN, wrong).check()


def test_an_index_that_does_not_find_its_own_passage_is_not_used(
    passages: list[IndexedPassage], monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = build_segment("one", MODEL, KNOWN, passages)
    other = build_segment("two", MODEL, KNOWN[:1], passages[:1])
    monkeypatch.setattr(segment.engine, "candidates", other.engine.candidates)
    with pytest.raises(CorpusError, match="not found by its own vector"):
        segment.check()


@pytest.mark.parametrize("pattern", ["**/*.bin", "**/*.json"])
def test_a_file_that_is_missing_is_no_segment(
    folder: Path, passages: list[IndexedPassage], pattern: str
) -> None:
    written(folder, passages)
    files = [path for path in folder.glob(pattern) if path.is_file()]
    assert len(files) > 4
    for path in files:
        content = path.read_bytes()
        path.unlink()
        with pytest.raises((OSError, KeyError)):
            open_segment("one", folder, MODEL, trusted=True)
        path.write_bytes(content)
    open_segment("one", folder, MODEL, trusted=True).check()


def test_any_file_that_was_changed_is_noticed_when_it_is_opened_or_read(
    folder: Path, passages: list[IndexedPassage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever byte it is: small files when they are opened, large ones when they are read."""

    monkeypatch.setattr(storage, "_LARGE", 1)
    kept = storage.Storage(folder / "indexes")
    place = kept.write("one", lambda where: write_segment(where, MODEL, KNOWN, iter(passages), 9.0))
    later = (*CHECKED_ON_READING, RECORDS)

    def read_all() -> None:
        found = kept.open("one", later)
        assert found is not None
        segment = open_segment("one", place, MODEL, trusted=not found[1]["unchecked"])
        vectors = np.eye(segment.engine.vectors(0).shape[1], dtype=np.float32)[:2]
        segment.engine.token_matches(vectors, range(len(passages)))
        said = sorted({word for item in passages for word in item.words})
        segment.engine.candidates(vectors[0], said, len(passages))
        for row in range(len(passages)):
            segment.engine.vectors(row)
        segment.engine.word_frequency([word for one in passages for word in one.words])
        for id_ in segment.articles:
            _ = segment.articles[id_]

    read_all()
    chance = np.random.default_rng(1)
    for path in (path for path in place.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for _ in range(5):
            changed = bytearray(content)
            changed[int(chance.integers(len(content)))] ^= int(chance.integers(1, 256))
            path.write_bytes(changed)
            with pytest.raises(DamagedError):
                read_all()
        path.write_bytes(content)
    read_all()


def test_tokens_that_were_written_in_another_form_are_not_read(
    tmp_path: Path, passages: list[IndexedPassage], encoder: TableEncoder
) -> None:
    written(tmp_path, passages)
    open_segment("one", tmp_path, MODEL, trusted=True, form=form_of(encoder)).check()
    with pytest.raises(ValueError, match="another form"):
        open_segment("one", tmp_path, MODEL, trusted=True, form=f"{MODEL} of yesterday")
