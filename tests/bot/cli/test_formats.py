"""Articles in every format, from files, pages and feeds, become answers with their sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.cli.program import Footnote
from tests.retrieval.readers.documents_made import make_docx, make_epub, make_pdf
from tests.retrieval.web.site import Site, page, response, site

FILLING = "".join(
    f"<p>On day {day} of the fair the people of the town came to see it, and it rained.</p>"
    for day in range(8)
)
QUESTIONS = {
    "markdown": "Who opened the bridge?",
    "text": "When was the school closed?",
    "html": "Who painted the chapel?",
    "pdf": "How tall is the lighthouse?",
    "docx": "Who founded the library?",
    "epub": "What did the captain drink?",
    "jsonl": "What does the museum show?",
    "page": "What won the first prize at the fair?",
    "feed": "Who was elected mayor?",
}


@pytest.fixture(scope="module")
def web() -> Iterator[Site]:
    """A page and a feed."""
    with site() as server:
        server.answers["/fair"] = page(
            "<html><head><title>The fair</title></head><body><article><h1>The fair</h1>"
            f"<p>A giant pumpkin won the first prize at the fair.</p>{FILLING}</article></body>"
            "</html>"
        )
        story = f"<p>Mrs. Alder was elected mayor on Sunday.</p>{FILLING}".replace("<", "&lt;")
        feed = (
            '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
            "<title>Town news</title><item><title>The election</title><guid>17</guid>"
            f"<link>{server.url('/election')}</link>"
            f"<content:encoded>{story}</content:encoded></item></channel></rss>"
        )
        server.answers["/feed"] = response(
            200, feed.encode(), content_type="application/rss+xml; charset=utf-8"
        )
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An article in each format that files have."""
    made = tmp_path_factory.mktemp("formats")
    (made / "bridge.md").write_text(
        "---\ntitle: The bridge\nsource: The Herald\nurl: https://example.org/bridge\n---\n"
        "The bridge was opened by the queen on Sunday.\n"
    )
    (made / "school.txt").write_text("The school\n\nThe school was closed in June for good.\n")
    (made / "chapel.html").write_text(
        "<html><head><title>The chapel</title>"
        '<link rel="canonical" href="https://example.org/chapel"></head><body><article>'
        f"<p>The chapel was painted by Giotto.</p>{FILLING.replace('fair', 'feast')}"
        "</article></body></html>"
    )
    pages = [["The lighthouse", "", "It stands on a rock."], ["The lighthouse is 40 metres tall."]]
    (made / "lighthouse.pdf").write_bytes(make_pdf(pages, title="The lighthouse"))
    (made / "library.docx").write_bytes(
        make_docx(["The library was founded by a baker."], title="The library", author="A. Baker")
    )
    (made / "captain.epub").write_bytes(
        make_epub(["<h1>One</h1><p>The captain drank cold tea.</p>"], title="The captain")
    )
    (made / "museum.jsonl").write_text(
        json.dumps({"id": "7", "title": "The museum", "text": "The museum shows old clocks."})
    )
    return made


@pytest.fixture
def configured(
    footnote: Footnote, folder: Path, web: Site, monkeypatch: pytest.MonkeyPatch
) -> Footnote:
    """The command line with all of them in its settings."""
    sources = (str(folder), web.url("/fair"), web.url("/feed"))
    monkeypatch.setenv("FOOTNOTE_ARTICLES", ", ".join(sources))
    monkeypatch.setenv("FOOTNOTE_PRIVATE_HOSTS", web.host)
    return footnote


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that only the tests of this module use."""
    return tmp_path_factory.mktemp("formats-data")


def test_each_format_answers_with_its_own_words_and_where_they_stand(
    configured: Footnote, web: Site
) -> None:
    result = configured("ask", "--input", "-", "--json", typed="\n".join(QUESTIONS.values()))
    assert (result.status, result.err) == (0, "")
    answers = [json.loads(line) for line in result.out.splitlines()]
    first = {
        kind: (answer["quotes"] or answer["nearest"])[0]
        for kind, answer in zip(QUESTIONS, answers, strict=True)
    }
    found = {
        kind: (quote["article"]["title"], quote["article"]["url"], quote.get("page"))
        for kind, quote in first.items()
    }
    assert found == {
        "markdown": ("The bridge", "https://example.org/bridge", None),
        "text": ("The school", None, None),
        "html": ("The chapel", "https://example.org/chapel", None),
        "pdf": ("The lighthouse", None, 2),
        "docx": ("The library", None, None),
        "epub": ("The captain", None, None),
        "jsonl": ("The museum", None, None),
        "page": ("The fair", web.url("/fair"), None),
        "feed": ("The election", web.url("/election"), None),
    }
    assert first["markdown"]["article"]["source"] == "The Herald"
    assert first["docx"]["article"]["author"] == "A. Baker"
    for quote in first.values():
        shown = configured("corpus", "show", quote["article"]["id"], "--json").json()
        assert quote["text"] == shown["text"][quote["start"] : quote["end"]]


def test_the_list_says_which_is_a_file_a_page_or_of_a_feed(configured: Footnote) -> None:
    listed = configured("corpus", "list", "--json").json()
    assert listed["failures"] == []
    kinds = {article["title"]: article["from"]["kind"] for article in listed["articles"]}
    assert kinds == {
        **dict.fromkeys(
            [
                *("The bridge", "The school", "The chapel", "The lighthouse", "The library"),
                *("The captain", "The museum"),
            ],
            "file",
        ),
        "The fair": "page",
        "The election": "feed",
    }


def test_what_was_read_once_answers_while_the_site_is_away(configured: Footnote, web: Site) -> None:
    configured("corpus", "reload")
    answers, web.answers = web.answers, {}
    try:
        result = configured("corpus", "reload", "--json")
        failed = [c for c in result.json()["changes"] if c["outcome"] == "failed"]
        assert len(failed) == 2
        assert not {c["outcome"] for c in result.json()["changes"]} & {"removed", "changed"}
        assert len(configured("corpus", "status", "--json").json()["failures"]) == 2
        answer = configured("ask", QUESTIONS["feed"], "--json").json()
    finally:
        web.answers = answers
    assert (answer["quotes"] or answer["nearest"])[0]["article"]["title"] == "The election"


def test_a_page_and_a_folder_are_added_to_a_server_at_once(
    configured: Footnote, folder: Path, web: Site
) -> None:
    gone = web.url("/gone")
    result = configured("corpus", "add", web.url("/fair"), gone, str(folder), "--server", "1")
    assert result.status == 1
    outcomes = [line.split()[0] for line in result.out.splitlines()[:-1]]
    assert sorted(outcomes) == ["added"] * 8 + ["failed"]
    assert f"failed     {gone}: " in result.out
    listed = configured("corpus", "list", "--server", "1", "--json").json()["articles"]
    assert {article["from"]["kind"] for article in listed} == {"page", "upload"}
    removed = configured("corpus", "remove", web.url("/fair"), "--server", "1")
    assert removed.status == 0
    assert "removed    " in removed.out
    left = configured("corpus", "list", "--server", "1", "--json").json()["articles"]
    assert len(left) == 7


def test_a_page_of_a_private_network_is_refused(
    footnote: Footnote, web: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = web.connections
    result = footnote("corpus", "add", web.url("/fair"), "--server", "2")
    assert result.status == 1
    assert f"failed     {web.url('/fair')}: " in result.out
    assert web.connections == before
