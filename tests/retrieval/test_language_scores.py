"""The scores against those of the library itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from retrieval.language_scores import LanguageScores
from retrieval.language_tables import write_tables
from tests.strategies import texts

SENTENCES = [
    "Who wrote the book about the bridge?",
    "Wer hat das Buch über die Brücke geschrieben?",
    "¿Quién escribió el libro sobre el puente?",
    "Кто написал книгу о мосте?",
    "Ко је написао књигу о мосту?",
    "谁写了这本关于桥的书？",
    "HAFTAR",
    "\ud800",
    "",
]


@pytest.fixture(scope="module")
def library() -> LanguageIdentifier:
    """py3langid as it is."""
    return LanguageIdentifier.from_model_file(MODEL_FILE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tables are unpacked."""
    folder = tmp_path_factory.mktemp("languages") / "cache"
    LanguageScores(folder)
    return folder


@pytest.fixture(scope="module")
def scores(folder: Path) -> LanguageScores:
    """From unpacked tables."""
    return LanguageScores(folder)


@pytest.fixture
def own_folder(folder: Path, tmp_path: Path) -> Path:
    """A copy of it, for a test that changes what it holds: copying takes less than unpacking."""
    shutil.copytree(folder, tmp_path / "own")
    return tmp_path / "own"


def the_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


@given(texts)
def test_any_text_has_the_scores_that_the_library_gives_it(
    scores: LanguageScores, library: LanguageIdentifier, text: str
) -> None:
    assert list(scores.of(text).items()) == library.rank(text)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_has_the_scores_that_the_library_gives_it(
    scores: LanguageScores, library: LanguageIdentifier, sentence: str
) -> None:
    for text in (sentence, sentence * 50, sentence.upper()):
        assert list(scores.of(text).items()) == library.rank(text)


def test_threads_get_the_same_scores(folder: Path, library: LanguageIdentifier) -> None:
    scores = LanguageScores(folder)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(scores.of, SENTENCES * 20))
    assert found == [dict(library.rank(sentence)) for sentence in SENTENCES] * 20


def test_the_tables_are_unpacked_once(folder: Path) -> None:
    before = the_file(folder).stat()
    LanguageScores(folder).of("Who wrote the book?")
    after = the_file(folder).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_where_nothing_can_be_written_the_scores_are_the_same(
    tmp_path: Path, library: LanguageIdentifier
) -> None:
    (tmp_path / "file").touch()
    scores = LanguageScores(tmp_path / "file" / "cache")
    assert list(scores.of(SENTENCES[0]).items()) == library.rank(SENTENCES[0])


def test_tables_that_lead_nowhere_change_no_score_and_are_made_again(
    folder: Path, tmp_path: Path, library: LanguageIdentifier
) -> None:
    file = tmp_path / the_file(folder).name
    write_tables(
        file,
        ["xx"] * 142,
        priors=library.nb_pc,
        rows=[0, 65535],
        features=[-1, 2**31 - 1],
        next_states=[2**32 - 1, 1] * 128,
        likelihoods=library.nb_ptc[:1],
    )
    scores = LanguageScores(tmp_path)
    for sentence in SENTENCES:
        assert list(scores.of(sentence).items()) == library.rank(sentence)
    LanguageScores(tmp_path)
    assert file.read_bytes() == the_file(folder).read_bytes()


@pytest.mark.parametrize("content", [b"", b"{}", bytes(100_000)])
def test_a_file_of_something_else_is_replaced(
    folder: Path, tmp_path: Path, library: LanguageIdentifier, content: bytes
) -> None:
    file = tmp_path / the_file(folder).name
    file.write_bytes(content)
    scores = LanguageScores(tmp_path)
    assert file.read_bytes() == the_file(folder).read_bytes()
    assert list(scores.of(SENTENCES[0]).items()) == library.rank(SENTENCES[0])


def test_tables_that_were_changed_since_they_were_opened_change_no_score(
    own_folder: Path, library: LanguageIdentifier
) -> None:
    scores = LanguageScores(own_folder)
    with the_file(own_folder).open("r+b") as file:
        file.seek(1_000_000)  # within the lines of the next states
        file.write(bytes(30_000_000))
    for sentence in SENTENCES:
        assert list(scores.of(sentence).items()) == library.rank(sentence)


def test_a_check_finds_what_was_changed_before_any_text_needs_it(
    own_folder: Path, library: LanguageIdentifier
) -> None:
    scores = LanguageScores(own_folder)
    file = the_file(own_folder)
    scores.check()
    assert file.exists()
    with file.open("r+b") as content:
        content.seek(50_000_000)
        content.write(b"\1\2\3")
    scores.check()
    assert not file.exists()
    assert list(scores.of(SENTENCES[0]).items()) == library.rank(SENTENCES[0])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_that_tells_languages_apart_holds_little_for_it(folder: Path) -> None:
    code = (
        "import sys, numpy, py3langid\n"
        "from pathlib import Path\n"
        "from retrieval.language_scores import LanguageScores\n"
        "def peak():\n"
        "    lines = Path('/proc/self/status').read_text().splitlines()\n"
        "    return next(int(l.split()[1]) for l in lines if l.startswith('VmHWM'))\n"
        "before = peak()\n"
        "scores = LanguageScores(Path(sys.argv[1]))\n"
        "for sentence in sys.argv[2:]:\n"
        "    scores.of(sentence)\n"
        "print((peak() - before) / 1024)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(folder), *SENTENCES[:6]],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(ended.stdout) < 20
