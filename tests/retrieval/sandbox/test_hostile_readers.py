"""The sandbox around readers that a document has turned: what they do, see ``hostile_worker``."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings

from retrieval.articles import Article
from retrieval.limits import Limits
from retrieval.readers.documents import Document, Linked
from retrieval.sandbox import Sandbox
from tests.retrieval.sandbox.processes import children, ended, refusal, wait_until_busy
from tests.strategies import texts

LIMITS = Limits(read_seconds=1, read_bytes=192 * 1024 * 1024)
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def hostile() -> Iterator[Sandbox]:
    """The sandbox around a reader that does what the document says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retrieval.sandbox.process.WORKER", "tests.retrieval.sandbox.hostile_worker")
        patch.setenv("DISCORD_TOKEN", "the-secret")
        with Sandbox(LIMITS) as sandbox:
            yield sandbox


def has_landlock() -> bool:
    """Whether the kernel says which version of it there is."""
    return sys.platform == "linux" and int(ctypes.CDLL(None).syscall(444, None, 0, 1)) >= 1


def told(deed: str) -> Document:
    return Document("deed.txt", deed.encode(), "text")


def test_all_that_was_found_comes_back(hostile: Sandbox) -> None:
    prepared = hostile.read(told("The text."), "the-id")
    article = Article("the-id", "Title", "The text.", pages=(0, 3))
    assert [found.article for found in prepared.articles] == [article]
    assert prepared.linked == (Linked("b", "http://localhost/", "B", author="\ud800"),)
    (failure,) = prepared.failures
    assert (failure.name, failure.what, failure.why, failure.remedy) == (
        "c",
        "What.",
        "Why.",
        "Remedy.",
    )


def test_halves_of_a_character_come_back_as_halves(hostile: Sandbox) -> None:
    (article,) = hostile.read(told("surrogates"), "a").articles
    assert article.article.text == "half \ud83d and half \ude00, both \ud83d\ude00 and \U0001f600"


@settings(max_examples=30)
@given(text=texts.filter(lambda text: any(map(str.isalnum, text))))
def test_every_text_comes_back_as_it_was(hostile: Sandbox, text: str) -> None:
    try:
        document = told(text)
    except UnicodeEncodeError:
        return
    (article,) = hostile.read(document, "a").articles
    assert article.article.text == text


def test_a_reader_that_does_not_end_is_ended(hostile: Sandbox) -> None:
    start = time.monotonic()
    assert refusal(hostile, told("hang")).startswith("deed.txt took longer than 1 s to read. Split")
    assert time.monotonic() - start < 10
    assert hostile.read(told("The next."), "a").articles


@on_linux
def test_a_document_that_needs_too_much_memory_is_refused(hostile: Sandbox) -> None:
    assert "needs more than 192 MB of memory to read" in refusal(hostile, told("hog"))
    assert hostile.read(told("The next."), "a").articles


@on_linux
def test_a_process_that_has_kept_much_memory_is_replaced(hostile: Sandbox) -> None:
    assert hostile.read(told("One."), "a").articles
    before = children()
    assert hostile.read(told("leak"), "a").articles
    assert hostile.read(told("The next."), "a").articles
    assert len(before - children()) == 1


def test_a_reader_that_crashes_costs_one_document(hostile: Sandbox) -> None:
    error = refusal(hostile, told("crash"))
    assert "deed.txt could not be read: its reader crashed." in error
    assert "Open it in a program" in error
    assert hostile.read(told("The next."), "a").articles


@on_linux
def test_a_process_that_is_killed_while_it_reads_costs_one_document(hostile: Sandbox) -> None:
    assert hostile.read(told("Start."), "a").articles
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(refusal, hostile, told("sleep"))
        wait_until_busy(hostile)
        for process in children():
            os.kill(process, signal.SIGKILL)
        assert "its reader crashed" in waiting.result()
    assert hostile.read(told("The next."), "a").articles


@on_linux
def test_a_process_that_died_between_two_documents_costs_none(hostile: Sandbox) -> None:
    hostile.read(told("One."), "a")
    for process in children():
        os.kill(process, signal.SIGKILL)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    assert hostile.read(told("Two."), "a").articles


def test_what_a_library_raises_says_nothing_of_the_content(hostile: Sandbox) -> None:
    error = refusal(hostile, told("fail"))
    assert error.startswith("deed.txt cannot be read. It seems to be damaged (ValueError). Open")
    assert "secret" not in error


def test_a_reader_that_calls_itself_without_end_is_refused(hostile: Sandbox) -> None:
    assert "nested too deeply" in refusal(hostile, told("recurse"))


def test_a_library_that_prints_does_not_disturb(hostile: Sandbox) -> None:
    (article,) = hostile.read(told("babble"), "a").articles
    assert article.article.text == "Nothing came of it."


def test_an_answer_that_is_none_is_a_crash(hostile: Sandbox) -> None:
    assert "its reader crashed" in refusal(hostile, told("lie"))
    assert hostile.read(told("The next."), "a").articles


@pytest.mark.parametrize(
    "deed",
    [
        "connect",
        "fork",
        "kill_the_parent",
        "read_the_environment_of_the_parent",
        "read_the_settings",
        "remove",
        "resolve",
        "run_a_shell",
        "start_a_program",
        "write",
    ],
)
def test_a_reader_gets_nothing_done_outside(hostile: Sandbox, deed: str) -> None:
    assert "It was refused." in refusal(hostile, told(deed))


@pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in {"x86_64", "aarch64"},
    reason="the kernel is not asked",
)
@pytest.mark.parametrize("deed", ["connect_natively", "start_a_program_natively"])
def test_native_code_gets_no_connection_and_no_program(hostile: Sandbox, deed: str) -> None:
    assert "It was refused." in refusal(hostile, told(deed))


@pytest.mark.skipif(not has_landlock(), reason="the kernel has no Landlock")
@pytest.mark.parametrize("deed", ["read_natively", "read_the_parent_natively", "write_natively"])
def test_native_code_gets_no_file(hostile: Sandbox, deed: str) -> None:
    assert "It was refused." in refusal(hostile, told(deed))


def test_the_process_does_not_know_the_secrets(hostile: Sandbox) -> None:
    (article,) = hostile.read(told("say_the_environment"), "a").articles
    assert "PYTHONPATH" in article.article.text
    assert "the-secret" not in article.article.text


@on_linux
def test_the_system_does_not_know_them_of_it_either(hostile: Sandbox) -> None:
    assert hostile.read(told("Start."), "a").articles
    for process in children():
        environment = Path(f"/proc/{process}/environ").read_text()
        assert "PYTHONPATH=" in environment
        assert "the-secret" not in environment


@on_linux
def test_a_busy_process_ends_with_its_parent() -> None:
    program = """
import os, sys, threading
import retrieval.sandbox.process
from pathlib import Path
from retrieval.limits import Limits
from retrieval.readers.documents import Document
from retrieval.sandbox import Sandbox
retrieval.sandbox.process.WORKER = "tests.retrieval.sandbox.hostile_worker"
sandbox = Sandbox(Limits(read_seconds=60))
sandbox.read(Document("a", b"Start.", "text"), "a")
threading.Thread(target=sandbox.read, args=(Document("a", b"hang", "text"), "a")).start()
for task in Path("/proc/self/task").iterdir():
    print(*(task / "children").read_text().split())
sys.stdout.flush()
os._exit(0)
"""
    root = Path(__file__).parents[3]
    output = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, check=True, timeout=30
    ).stdout
    (process,) = output.split()
    assert ended(int(process))


@on_linux
def test_closing_gives_up_what_is_being_read(hostile: Sandbox) -> None:
    sandbox = Sandbox(Limits(read_seconds=60))
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(refusal, sandbox, told("sleep"))
        wait_until_busy(sandbox)
        sandbox.close()
        assert "shutting down" in waiting.result(timeout=10)
