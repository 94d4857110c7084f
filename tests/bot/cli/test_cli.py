from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.bot.cli.program import ROOT, Footnote, program
from tests.bot.cli.schemas import ANSWER, QUOTE, STRING, array, exactly

QUESTION = "What is the name of Haftar's offensive?"


class TestAsk:
    def test_an_answer_is_json_to_the_letter(self, footnote: Footnote) -> None:
        result = footnote("ask", QUESTION, "--json")
        jsonschema.validate(answer := result.json(), ANSWER)
        assert (result.status, result.err) == (0, "")
        assert result.out.count("\n") == 1
        assert answer["question"] == QUESTION
        assert bool(answer["quotes"]) == answer["answered"] != bool(answer["nearest"])

    def test_its_offsets_are_those_of_the_text_that_show_prints(self, footnote: Footnote) -> None:
        answer = footnote("ask", QUESTION, "--json").json()
        quotes = answer["quotes"] or answer["nearest"]
        text = footnote("corpus", "show", quotes[0]["article"]["id"], "--json").json()["text"]
        for quote in quotes:
            assert quote["text"] == text[quote["start"] : quote["end"]]
            for span in quote["highlights"]:
                assert quote["start"] <= span["start"] < span["end"] <= quote["end"]

    def test_no_answer_is_done_too(self, footnote: Footnote) -> None:
        result = footnote("ask", "Who won the 2014 World Cup?", "--json")
        jsonschema.validate(result.json(), ANSWER)
        assert result.status == 0

    def test_options_stand_before_or_after_the_command(
        self, footnote: Footnote, articles: Path
    ) -> None:
        before = footnote("--corpus", str(articles), "--top", "1", "ask", "Who?", "--json").json()
        after = footnote("ask", "Who?", "--json", "--top", "1", "--corpus", str(articles)).json()
        assert len(before["passages"]) == len(after["passages"]) == 1
        nearer = footnote("--top", "1", "ask", "Who?", "--json", "--top", "3").json()
        assert len(nearer["passages"]) == 3

    @pytest.mark.parametrize("from_file", [True, False])
    def test_each_line_of_an_input_is_asked(
        self, footnote: Footnote, tmp_path: Path, from_file: bool
    ) -> None:
        lines = (
            b"\xef\xbb\xbfWho is Haftar?\r\n\n  \n" + b"??\n" + b"\xff\xfeWhat burned?\x00\nLast"
        )
        (tmp_path / "lines.txt").write_bytes(lines)
        source = str(tmp_path / "lines.txt") if from_file else "-"
        result = footnote("ask", "--input", source, "--json", typed=lines)
        answers = [json.loads(line) for line in result.out.splitlines()]
        assert [a["question"] for a in answers] == ["Who is Haftar?", "��What burned?", "Last"]
        assert result.status == 1
        assert "no question in that" in result.err

    def test_as_text_each_question_stands_above_its_answer(self, footnote: Footnote) -> None:
        out = footnote("ask", "--input", "-", typed="Who is Haftar?\nWho else?\n").out
        assert "› Who is Haftar?\n" in out
        assert "› Who else?\n" in out

    @pytest.mark.parametrize(
        ("question", "reason"),
        [
            ("", "no question in that"),
            ("\x00\x01", "no question in that"),
            ("why " * 25_000, "100,000 characters"),
        ],
    )
    def test_what_cannot_be_asked_fails_with_one_line(
        self, footnote: Footnote, question: str, reason: str
    ) -> None:
        result = footnote("ask", question, "--json")
        assert (result.status, result.out) == (1, "")
        assert reason in result.err
        assert result.err.startswith("footnote: ")
        assert result.err.count("\n") == 1

    @pytest.mark.parametrize(
        "arguments",
        [
            ("ask",),
            ("ask", "Who?", "--input", "-"),
            ("ask", "--input", "no-such-file"),
            ("ask", "Who?", "--top", "0"),
            ("ask", "Who?", "--nonsense"),
            ("nonsense",),
            ("summary", "--sentences", "many"),
            ("corpus", "add", "no-such-file"),
            (),
        ],
    )
    def test_wrong_usage_is_2(self, footnote: Footnote, arguments: tuple[str, ...]) -> None:
        result = footnote(*arguments)
        assert (result.status, result.out) == (2, "")
        assert "Usage: footnote" in result.err


class TestSources:
    def test_a_missing_folder_is_named(self, footnote: Footnote, tmp_path: Path) -> None:
        result = footnote("ask", "Who?", "--corpus", str(tmp_path / "gone"))
        assert result.status == 1
        assert f"no articles at {tmp_path / 'gone'}" in result.err
        assert "--corpus" in result.err

    def test_an_empty_folder_says_what_to_put_there(
        self, footnote: Footnote, tmp_path: Path
    ) -> None:
        (tmp_path / "empty").mkdir()
        result = footnote("ask", "Who?", "--corpus", str(tmp_path / "empty"))
        assert result.status == 1
        assert "Put a Markdown (.md) or plain text (.txt) file there" in result.err

    def test_broken_files_are_named_and_the_others_answer(
        self, footnote: Footnote, articles: Path
    ) -> None:
        (articles / "\x1b[31mevil.md").write_bytes(b"\xff")
        (articles / "yaml.md").write_text("---\na: [\n---\nText.")
        result = footnote("ask", "Who opened the bridge?", "--json", "--corpus", str(articles))
        assert result.status == 0
        assert "evil.md is not UTF-8 text." in result.err
        assert "\x1b" not in result.err
        assert "The front matter of yaml.md is not YAML." in result.err
        assert result.json()["passages"][0]["article"] == "bridge"

    def test_the_seeds_are_found_from_any_folder(self, tmp_path: Path) -> None:
        script = "from bot.assembly import seeds_folder; print(seeds_folder())"
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert list(Path(done.stdout.strip()).glob("*.md"))

    def test_a_bad_setting_is_named(
        self, footnote: Footnote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ANSWER_THRESHOLD", "high")
        result = footnote("ask", "Who?")
        assert (result.status, result.out) == (1, "")
        assert "ANSWER_THRESHOLD is 'high'" in result.err


class TestSummary:
    def test_it_is_json_with_quotes(self, footnote: Footnote) -> None:
        summary = footnote("summary", "--sentences", "2", "--topic", "hospitals", "--json").json()
        jsonschema.validate(
            summary, exactly(topic=STRING, articles=array(STRING), sentences=array(QUOTE))
        )
        assert len(summary["sentences"]) == 2

    def test_an_unknown_article_suggests_the_nearest(self, footnote: Footnote) -> None:
        result = footnote("summary", "bengazi-clashes")
        assert (result.status, result.out) == (1, "")
        assert "Did you mean benghazi-clashes?" in result.err


class TestChat:
    def test_in_a_pipe_each_line_is_answered_until_its_end(self, footnote: Footnote) -> None:
        result = footnote("chat", typed=f"{QUESTION}\n\nWho died?\n")
        assert (result.status, result.err) == (0, "")
        assert "Operation Dignity" in result.out
        assert result.out.count(" · paragraph ") >= 2

    def test_without_a_token_run_is_the_chat_and_says_so(self, footnote: Footnote) -> None:
        result = footnote("run", typed=QUESTION)
        assert result.err == "No DISCORD_TOKEN is set, so this is the terminal chat.\n"
        assert "Operation Dignity" in result.out

    def test_quit_ends_it(self, footnote: Footnote) -> None:
        result = footnote("chat", typed=f"/quit\n{QUESTION}\n")
        assert (result.status, result.out) == (0, "")

    def test_sources_lists_the_articles_and_where_the_last_answer_is_from(
        self, footnote: Footnote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ANSWER_THRESHOLD", "0")
        before = footnote("chat", typed="/sources\n/quit").out
        assert before.startswith("benghazi-clashes  Fighting in Benghazi")
        after = footnote("chat", typed=f"{QUESTION}\n/sources\n").out
        assert before in after
        assert "The last answer is from:\n— Fighting in Benghazi" in after

    def test_summary_takes_a_topic(self, footnote: Footnote) -> None:
        out = footnote("chat", typed="/summary\thospitals\n").out
        assert "ospital" in out
        assert 1 <= out.count(" · paragraph ") <= 5  # fewer where fewer are about it

    def test_an_unknown_command_gets_help(self, footnote: Footnote) -> None:
        out = footnote("chat", typed="/nonsense now\n/help\n").out
        assert out.startswith("There is no command /nonsense.\n")
        assert out.count("/summary [TOPIC]") == 2

    @pytest.mark.parametrize("line", [b"\xff\x00\xfe", b"why " * 25_000, b"???", b"/summary ?"])
    def test_what_cannot_be_asked_is_said_and_the_chat_goes_on(
        self, footnote: Footnote, line: bytes
    ) -> None:
        result = footnote("chat", typed=line + b"\n/sources\n")
        assert result.status == 0
        assert "question" in result.out.splitlines()[0]
        assert "benghazi-clashes" in result.out


class TestProgram:
    def test_help_imports_nothing_heavy(self) -> None:
        script = """
import sys
from bot.cli import main
status = main(["--help"])
heavy = {"torch", "numpy", "discord", "faiss", "rich", "sentence_transformers", "yaml", "asyncio"}
heavy |= {"sqlalchemy", "alembic", "lxml", "trafilatura", "feedparser", "pypdfium2", "docx", "yarl"}
print(status, sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert done.stderr == "0 []\n"
        assert all(f"\n  {name} " in done.stdout for name in ("run", "chat", "ask", "corpus"))

    def test_a_reader_that_has_had_enough_is_no_failure(self, data: Path) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as closed:
            done = program(
                "corpus", "show", "benghazi-clashes",
                stdout=closed,
                stderr=subprocess.PIPE,
                env={"FOOTNOTE_DATA_DIR": str(data)},
            )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")

    def test_an_output_that_cannot_be_written_is_a_failure_in_one_line(self, data: Path) -> None:
        with Path("/dev/full").open("w") as full:
            done = program(
                "corpus", "list",
                stdout=full,
                stderr=subprocess.PIPE,
                env={"FOOTNOTE_DATA_DIR": str(data)},
            )  # fmt: skip
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr

    def test_closed_streams_are_no_failure(self, data: Path) -> None:
        command = f"{sys.executable} -m bot corpus list --data-dir {data} <&- >&-"
        done = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_the_whole_program_answers_a_pipe_from_any_folder(
        self, data: Path, tmp_path: Path
    ) -> None:
        done = program(
            "ask", "--input", "-", "--json",
            input=QUESTION,
            cwd=tmp_path,
            env={"FOOTNOTE_DATA_DIR": str(data)},
        )  # fmt: skip
        jsonschema.validate(json.loads(done.stdout), ANSWER)
        assert done.returncode == 0
