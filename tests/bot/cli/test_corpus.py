"""``footnote corpus``: the articles as programs and people manage them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jsonschema  # type: ignore[import-untyped]
import pytest

from bot.assembly import make_corpora
from bot.settings import load_settings
from retrieval.sandbox import Sandbox
from tests.bot.cli.program import ROOT, Footnote
from tests.bot.cli.schemas import ARTICLE, LISTED, REPORT, STATUS, STRING, array, exactly
from tests.retrieval.sandbox.processes import children

TOWER = "The tower is 90 metres tall."


@pytest.fixture
def tower(tmp_path: Path) -> Path:
    path = tmp_path / "tower.md"
    path.write_text(TOWER)
    return path


def ids(footnote: Footnote, *arguments: str) -> list[str]:
    """The articles of a collection, as a program sees them."""
    listed = footnote("corpus", "list", "--json", *arguments).json()
    return [article["id"] for article in listed["articles"]]


@contextmanager
def held(collection: Path) -> Iterator[int]:
    """Another process that is changing a collection, by its id."""
    script = """
import sys
from pathlib import Path
from retrieval.corpus.lock import held_by_one
with held_by_one(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(collection)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.communicate()


class TestShowing:
    def test_list_is_json_and_says_where_articles_come_from(
        self, footnote: Footnote, articles: Path
    ) -> None:
        (articles / "broken.md").write_bytes(b"\xff")
        result = footnote("corpus", "list", "--json", "--corpus", str(articles))
        failure = exactly(name=STRING, reason=STRING)
        listed = result.json()
        jsonschema.validate(listed, exactly(articles=array(LISTED), failures=array(failure)))
        assert [(a["id"], a["from"]) for a in listed["articles"]] == [
            ("bridge", {"kind": "file", "name": "bridge.md"}),
            ("school", {"kind": "file", "name": "school.txt"}),
        ]
        assert [f["name"] for f in listed["failures"]] == ["broken.md"]

    def test_list_and_show_encode_nothing(
        self,
        footnote: Footnote,
        articles: Path,
        fresh: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        nothing = SimpleNamespace(name="none")
        monkeypatch.setattr("bot.assembly.make_encoder", lambda model, models_dir: nothing)
        assert ids(footnote, "--corpus", str(articles)) == ["bridge", "school"]
        assert footnote("corpus", "show", "school", "--corpus", str(articles)).status == 0

    def test_show_prints_the_whole_text(self, footnote: Footnote, articles: Path) -> None:
        text = (articles / "school.txt").read_text()
        arguments = ("corpus", "show", "school", "--corpus", str(articles))
        assert footnote(*arguments).out.endswith(f"\n\n{text}\n")
        shown = footnote(*arguments, "--json").json()
        jsonschema.validate(shown, exactly(text=STRING, **dict(ARTICLE["properties"])))
        assert shown["text"] == text

    def test_json_is_escaped_where_a_terminal_would_act_on_it(
        self, footnote: Footnote, articles: Path
    ) -> None:
        evil = "Text\x9b31m with\x7f codes\u2028 and\x1b more."
        (articles / "evil.txt").write_text(evil)
        result = footnote("corpus", "show", "evil", "--json", "--corpus", str(articles))
        assert result.json()["text"] == evil
        assert not set("\x9b\x7f\x1b\u2028") & set(result.out)

    @pytest.mark.parametrize("command", ["show", "remove"])
    def test_an_unknown_article_suggests_the_nearest(
        self, footnote: Footnote, articles: Path, command: str
    ) -> None:
        result = footnote("corpus", command, "brige", "--corpus", str(articles))
        assert (result.status, result.out) == (1, "")
        assert "There is no article “brige”. Did you mean bridge?" in result.err

    def test_what_can_no_longer_be_read_is_shown_as_it_was(
        self, footnote: Footnote, articles: Path
    ) -> None:
        common = ("--corpus", str(articles))
        footnote("corpus", "reload", *common)
        (articles / "bridge.md").write_bytes(b"\xff")
        result = footnote("corpus", "show", "bridge", "--json", *common)
        assert "The bridge was opened" in result.json()["text"]
        assert "bridge.md is not UTF-8 text." in result.err
        assert "as it was read last" in result.err

    def test_an_empty_collection_is_told(self, footnote: Footnote) -> None:
        assert footnote("corpus", "list", "--server", "1").out == "There are no articles here.\n"

    def test_status_is_json_before_and_after_the_first_build(
        self, footnote: Footnote, articles: Path, fresh: Path
    ) -> None:
        arguments = ("corpus", "status", "--json", "--corpus", str(articles))
        before = footnote(*arguments).json()
        footnote("corpus", "reload", "--corpus", str(articles))
        after = footnote(*arguments).json()
        jsonschema.validate(before, STATUS)
        jsonschema.validate(after, STATUS)
        assert (before["generation"], before["articles"], before["encoded"]) == (None, 0, 0)
        assert (after["articles"], after["passages"], after["encoded"]) == (2, 2, 2)
        assert after["sources"] == [str(articles)]

    def test_a_status_counts_what_its_own_process_has_encoded(
        self, footnote: Footnote, articles: Path, fresh: Path
    ) -> None:
        settings = replace(load_settings(), data_dir=fresh)
        with make_corpora(settings, articles) as corpora:
            corpora.open()
            assert corpora.shared.status().encoded_here == 2
            (articles / "school.txt").write_text("The school is open again.")
            corpora.shared.reload()
            status = corpora.shared.status()
            assert (status.encoded, status.encoded_here) == (1, 3)
        elsewhere = footnote("corpus", "status", "--json", "--corpus", str(articles)).json()
        assert (elsewhere["encoded"], elsewhere["encoded_here"]) == (1, 0)

    def test_status_says_what_failed(self, footnote: Footnote, articles: Path) -> None:
        common = ("--corpus", str(articles))
        (articles / "broken.md").write_bytes(b"\xff")
        footnote("corpus", "reload", *common)
        failures = footnote("corpus", "status", "--json", *common).json()["failures"]
        assert len(failures) == 1
        assert "broken.md is not UTF-8 text." in failures[0]
        assert "failed      broken.md" in footnote("corpus", "status", *common).out


class TestChanging:
    def test_reload_reports_each_article(self, footnote: Footnote, articles: Path) -> None:
        arguments = ("corpus", "reload", "--json", "--corpus", str(articles))
        footnote(*arguments)
        (articles / "school.txt").write_text("The school is open again.")
        (articles / "bridge.md").unlink()
        (articles / "new.md").write_text("Something new.")
        report = footnote(*arguments).json()
        jsonschema.validate(report, REPORT)
        assert {c["article"]: c["outcome"] for c in report["changes"]} == {
            "new": "added",
            "school": "changed",
            "bridge": "removed",
        }
        assert report["encoded"] == 2

    def test_what_is_added_is_reported_as_one(
        self, footnote: Footnote, articles: Path, tower: Path, tmp_path: Path
    ) -> None:
        folder = tmp_path / "more"
        (folder / "north").mkdir(parents=True)
        (folder / "index.md").write_text("The mill was built of stone.")
        (folder / "north" / "index.md").write_text("The lake is deep.")
        (folder / "picture.png").write_bytes(b"\x89PNG")
        (folder / "bad.md").write_bytes(b"\xff")
        (tmp_path / "song.mp3").write_bytes(b"ID3")
        (tmp_path / "empty").mkdir()
        common = ("--corpus", str(articles))
        paths = (str(tower), str(folder), "song.mp3", "empty", str(tower))
        result = footnote("corpus", "add", *paths, "--json", *common)
        jsonschema.validate(report := result.json(), REPORT)
        assert result.status == 1
        assert {c["article"]: c["outcome"] for c in report["changes"]} == {
            "bridge": "added",
            "school": "added",
            "tower": "added",
            "index": "added",
            "north-index": "added",
            "bad.md": "failed",
            "song.mp3": "failed",
            "empty": "failed",
        }
        reasons = {c["article"]: c["reason"] for c in report["changes"]}
        assert "bad.md is not UTF-8 text." in reasons["bad.md"]
        assert "not in a format that can be read" in reasons["song.mp3"]
        assert "There are no articles in empty." in reasons["empty"]
        assert len(report["changes"]) == 8
        assert ids(footnote, *common) == ["bridge", "school", "tower", "index", "north-index"]

    def test_of_two_files_with_one_name_the_second_is_not_added(
        self, footnote: Footnote, tower: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other" / "tower.md"
        other.parent.mkdir()
        other.write_text("Another tower.")
        result = footnote("corpus", "add", str(tower), str(other), "--server", "2")
        assert result.status == 1
        assert "added      tower\n" in result.out
        assert "has the same name as" in result.out
        text = footnote("corpus", "show", "tower", "--server", "2", "--json").json()["text"]
        assert text == TOWER

    def test_a_file_that_is_added_again_takes_the_place_of_what_it_was(
        self, footnote: Footnote, tower: Path
    ) -> None:
        common = ("--server", "3")
        footnote("corpus", "add", str(tower), *common)
        again = footnote("corpus", "add", str(tower), *common)
        assert again.out.startswith("0 changed in all, 1 unchanged;")
        tower.write_text("The tower was taken down.")
        assert "changed    tower\n" in footnote("corpus", "add", str(tower), *common).out

    @pytest.mark.parametrize(
        "arguments",
        [
            ("add", "tower.md", "no-such-file"),
            ("add", "ftp://example.org/a"),
            ("add",),
            ("add", "tower.md", "--server", "none"),
            ("list", "--server", "0"),
            ("list", "--server", "1", "--corpus", "."),
            ("share", "perhaps", "--server", "1"),
            ("share", "on"),
            ("remove",),
        ],
    )
    def test_wrong_usage_is_2_and_changes_nothing(
        self, footnote: Footnote, tower: Path, arguments: tuple[str, ...]
    ) -> None:
        result = footnote("corpus", *arguments)
        assert (result.status, result.out) == (2, "")
        assert "Usage: footnote corpus" in result.err
        assert ids(footnote, "--server", "1") == []

    def test_add_remove_and_undo(self, footnote: Footnote, articles: Path, tower: Path) -> None:
        common = ("--corpus", str(articles))
        assert "added      tower" in footnote("corpus", "add", "tower.md", *common).out
        assert "tower" in ids(footnote, *common)
        removed = footnote("corpus", "remove", "tower", *common).out
        assert "removed    tower" in removed
        assert "footnote corpus undo" in removed
        assert "tower" not in ids(footnote, *common)
        assert "added      tower" in footnote("corpus", "undo", *common).out
        assert "tower" in ids(footnote, *common)
        again = footnote("corpus", "undo", *common)
        assert again.status == 1
        assert "Nothing was removed in the last day." in again.err

    @pytest.mark.parametrize(
        ("typed", "status", "left"), [("n\n", 1, ["tower"]), ("\n", 1, ["tower"]), ("y\n", 0, [])]
    )
    def test_a_person_is_asked_before_an_article_is_removed(
        self, footnote: Footnote, tower: Path, typed: str, status: int, left: list[str]
    ) -> None:
        footnote("corpus", "add", "tower.md", "--server", "4")
        result = footnote("corpus", "remove", "tower", "--server", "4", typed=typed, watched=True)
        assert result.status == status
        assert "Remove tower?" in result.err
        assert "Remove tower?" not in result.out
        assert ids(footnote, "--server", "4") == left

    @pytest.mark.parametrize("option", ["--yes", "--json"])
    def test_nobody_is_asked_who_says_so(
        self, footnote: Footnote, tower: Path, option: str
    ) -> None:
        common = ("--server", "5")
        footnote("corpus", "add", "tower.md", *common)
        result = footnote("corpus", "remove", "tower", option, *common, watched=True)
        assert (result.status, "Remove" in result.err) == (0, False)
        assert ids(footnote, *common) == []

    def test_while_another_process_changes_the_articles_its_name_is_told(
        self, footnote: Footnote, fresh: Path, tower: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "mill.md").write_text("The mill is old.")
        with held(fresh / "collections" / "server-1") as process:
            result = footnote("corpus", "add", "tower.md", "mill.md", "--server", "1")
            assert (result.status, result.out) == (1, "")
            assert "Another process is changing these articles." in result.err
            assert f"Process {process} on " in result.err
        assert footnote("corpus", "add", "tower.md", "--server", "1").status == 0

    def test_no_process_that_reads_files_is_left(
        self, footnote: Footnote, articles: Path, fresh: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("retrieval.corpus.corpora.Sandbox", Sandbox)
        before = children()
        assert ids(footnote, "--corpus", str(articles)) == ["bridge", "school"]
        assert children() == before


class TestServers:
    def test_a_server_has_articles_of_its_own(self, footnote: Footnote, tower: Path) -> None:
        footnote("corpus", "add", "tower.md", "--server", "6")
        assert ids(footnote, "--server", "6") == ["tower"]
        assert ids(footnote, "--server", "7") == []
        assert ids(footnote) == ["benghazi-clashes"]
        result = footnote("corpus", "show", "tower", "--server", "7")
        assert (result.status, result.out) == (1, "")
        assert footnote("corpus", "remove", "tower", "--server", "7").status == 1
        assert ids(footnote, "--server", "6") == ["tower"]

    def test_a_server_may_do_without_the_shared_articles(self, footnote: Footnote) -> None:
        def is_used() -> bool:
            status = footnote("corpus", "status", "--server", "8", "--json").json()
            return bool(status["uses_shared"])

        assert is_used()
        off = footnote("corpus", "share", "off", "--server", "8", "--json").json()
        assert off == {"server": 8, "uses_shared": False}
        assert not is_used()
        assert "too" in footnote("corpus", "share", "on", "--server", "8").out
        assert is_used()


class TestKeeping:
    def test_an_export_is_an_archive_or_a_folder_with_the_same_files(
        self, footnote: Footnote, articles: Path, tower: Path, tmp_path: Path
    ) -> None:
        common = ("--corpus", str(articles))
        footnote("corpus", "add", "tower.md", *common)
        told = footnote("corpus", "export", "out.ZIP", "--json", *common).json()
        assert told == {"path": "out.ZIP", "articles": 3}
        assert footnote("corpus", "export", "out", *common).out == "3 article(s) are in out.\n"
        with zipfile.ZipFile(tmp_path / "out.ZIP") as archive:
            for name in archive.namelist():
                assert (tmp_path / "out" / name).read_bytes() == archive.read(name)
            assert archive.read("originals/tower.md") == tower.read_bytes()
        lines = (tmp_path / "out" / "articles.jsonl").read_text().splitlines()
        assert [json.loads(line)["id"] for line in lines] == ["bridge", "school", "tower"]

    def test_what_is_in_the_way_of_an_export_is_left_alone(
        self, footnote: Footnote, articles: Path, tower: Path
    ) -> None:
        for path in (articles, tower):
            result = footnote("corpus", "export", str(path))
            assert (result.status, result.out) == (1, "")
            assert "is not an empty folder" in result.err
        result = footnote("corpus", "export", "gone/out.zip")
        assert result.status == 1
        assert "The export gone/out.zip cannot be written." in result.err

    def test_a_backup_brings_everything_back(
        self, footnote: Footnote, fresh: Path, tower: Path, tmp_path: Path
    ) -> None:
        footnote("corpus", "add", "tower.md", "--server", "1")
        kept = footnote("corpus", "backup", "all.footnote", "--json").json()
        assert kept == {"path": "all.footnote", "bytes": (tmp_path / "all.footnote").stat().st_size}
        footnote("corpus", "remove", "tower", "--server", "1")
        (tmp_path / "mill.md").write_text("The mill is old.")
        footnote("corpus", "add", "mill.md", "--server", "1")
        assert footnote("corpus", "restore", "all.footnote").out == "Brought back: server-1.\n"
        assert ids(footnote, "--server", "1") == ["tower"]
        elsewhere = ("--data-dir", str(tmp_path / "elsewhere"))
        footnote("corpus", "restore", "all.footnote", *elsewhere)
        assert ids(footnote, "--server", "1", *elsewhere) == ["tower"]

    def test_a_person_is_asked_before_everything_is_replaced(
        self, footnote: Footnote, fresh: Path, tower: Path
    ) -> None:
        footnote("corpus", "backup", "all.footnote")
        footnote("corpus", "add", "tower.md", "--server", "1")
        result = footnote("corpus", "restore", "all.footnote", typed="n\n", watched=True)
        assert (result.status, result.out) == (1, "")
        assert "of every server?" in result.err
        assert ids(footnote, "--server", "1") == ["tower"]
        footnote("corpus", "restore", "all.footnote", "--yes", watched=True)
        assert ids(footnote, "--server", "1") == []

    def test_what_is_no_backup_changes_nothing(
        self, footnote: Footnote, fresh: Path, tower: Path
    ) -> None:
        footnote("corpus", "add", "tower.md", "--server", "1")
        for name in ("tower.md", "no-such-file"):
            result = footnote("corpus", "restore", name)
            assert (result.status, result.out) == (1, "")
            assert name in result.err
        assert ids(footnote, "--server", "1") == ["tower"]

    def test_where_nothing_can_be_kept_answers_are_given_and_changes_refused(
        self, footnote: Footnote, articles: Path, tower: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "taken").write_text("a file")
        common = ("--corpus", str(articles), "--data-dir", str(tmp_path / "taken" / "data"))
        answer = footnote("ask", "Who opened the bridge?", "--json", *common)
        assert answer.json()["passages"][0]["article"] == "bridge"
        assert "What is read now is not kept for the next start." in answer.err
        for arguments in (("add", "tower.md"), ("reload",), ("status",), ("backup", "b")):
            result = footnote("corpus", *arguments, *common)
            assert result.status == 1
            assert "Not a directory" in result.out + result.err
            assert "FOOTNOTE_DATA_DIR" in result.out + result.err
