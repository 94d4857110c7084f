"""The sandbox with real processes and the real readers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from retrieval.limits import Limits
from retrieval.preparation import prepare
from retrieval.readers.documents import Document
from retrieval.sandbox import Prepared, Sandbox
from tests.retrieval.sandbox.processes import children, ended, refusal

LIMITS = Limits(characters=100_000, passages=200)
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The real thing."""
    with Sandbox(LIMITS) as sandbox:
        yield sandbox


def read_text(sandbox: Sandbox, text: str) -> Prepared:
    return sandbox.read(Document("a.txt", text.encode(), "text"), "the-id")


def test_a_document_comes_back_as_if_it_had_been_read_here(sandbox: Sandbox) -> None:
    text = "A headline\n\nThe first sentence. The second.\n\nDas ist ein Satz.\r\n"
    prepared = read_text(sandbox, text)
    (article,) = prepared.articles
    assert article.article.text == text
    assert article == prepare(article.article)
    assert not prepared.failures
    assert not prepared.linked


def test_an_error_of_the_reader_is_the_readers_own(sandbox: Sandbox) -> None:
    assert "holds no text" in refusal(sandbox, Document("a.txt", b" ", "text"))


@on_linux
def test_one_process_reads_many_documents_from_the_first_until_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The folder in which Footnote is started is no place for modules.
    (tmp_path / "json.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    before = children()
    with Sandbox(LIMITS) as sandbox:
        assert children() <= before
        read_text(sandbox, "One.")
        (process,) = children() - before
        for _ in range(5):
            read_text(sandbox, "Another.")
        assert children() - before == {process}
    assert ended(process)


@on_linux
def test_threads_share_two_processes_and_get_each_their_own_answer(sandbox: Sandbox) -> None:
    before = children()
    words = [f"Word{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda word: read_text(sandbox, word), words))
    assert [prepared.articles[0].article.text for prepared in found] == words
    assert len(children() - before) <= 1  # One more at most: there has been one already.


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("A line.\n\n" * 1001, "more than 1,000 passages"),
        ("a\n\n" * 2001, "more than 2,000 paragraphs"),
    ],
)
def test_a_document_of_too_many_parts_is_refused(sandbox: Sandbox, text: str, what: str) -> None:
    assert what in refusal(sandbox, Document("a.txt", text.encode(), "text"))


def test_a_closed_sandbox_reads_nothing() -> None:
    sandbox = Sandbox(LIMITS)
    sandbox.close()
    sandbox.close()
    assert "shutting down" in refusal(sandbox, Document("a.txt", b"x", "text"))


def test_a_process_that_does_not_start_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.sandbox.process.WORKER", "retrieval.no_such_module")
    with Sandbox(LIMITS) as sandbox:
        assert "does not start" in refusal(sandbox, Document("a.txt", b"x", "text"))


@on_linux
def test_a_process_without_work_ends_and_another_starts_when_there_is_some() -> None:
    before = children()
    with Sandbox(LIMITS, rest_seconds=0.1) as sandbox:
        for word in ("One.", "Two."):
            read_text(sandbox, word)
            for process in children() - before:
                assert ended(process)
            assert children() <= before


def test_a_process_that_has_work_does_not_end_however_short_its_rest() -> None:
    words = [f"Word{number}" for number in range(12)]
    with Sandbox(LIMITS, rest_seconds=0.0) as sandbox, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda word: read_text(sandbox, word), words))
    assert [prepared.articles[0].article.text for prepared in found] == words


def test_nothing_waits_for_the_rest_of_a_process_once_the_sandbox_is_closed() -> None:
    before = set(threading.enumerate())
    with Sandbox(LIMITS) as sandbox:
        read_text(sandbox, "One.")
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()
