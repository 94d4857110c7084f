"""``footnote corpus migrate``: to PostgreSQL and back, as an operator does it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from bot.assembly import make_servers
from bot.services import make_store
from bot.settings import load_settings
from bot.store.server_settings import ServerSettings
from tests.bot.cli.program import Footnote
from tests.bot.cli.schemas import COUNT, STRING, array, exactly

SERVER = 7
ADDED = "The tower is 90 metres tall."
PLACE = {"enum": ["files", "postgresql"]}
COLLECTION = exactly(
    name=STRING,
    sources=COUNT,
    articles=COUNT,
    passages=COUNT,
    digest=STRING,
    encoded={"type": ["integer", "null"], "minimum": 0},
)
MIGRATED = exactly(
    **{"from": PLACE, "to": PLACE},
    collections=array(COLLECTION),
    uploads=COUNT,
    missing=COUNT,
    people=exactly(servers=COUNT, asked=COUNT, quoted=COUNT, votes=COUNT),
)


@pytest.fixture
def filled(
    footnote: Footnote, fresh: Path, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A data folder with a server's article, and that server's settings."""
    monkeypatch.setenv("FOOTNOTE_ARTICLES", str(articles))
    tower = articles.parent / "tower.md"
    tower.write_text(ADDED)
    assert footnote("corpus", "reload").status == 0
    assert footnote("corpus", "add", str(tower), "--server", str(SERVER)).status == 0
    settings = load_settings()
    with closing(make_store(settings)) as store:
        store.save_settings(SERVER, ServerSettings(style="thread"))
    return fresh


def text_of(footnote: Footnote) -> str:
    return str(
        footnote("corpus", "show", "tower", "--json", "--server", str(SERVER)).json()["text"]
    )


def _without_digest(collection: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in collection.items() if name != "digest"}


def style() -> str:
    settings = load_settings()
    servers = make_servers(settings)
    with closing(make_store(settings, servers)) as store:
        found = store.settings(SERVER).style
    if servers is not None:
        servers.close()
    return found


def test_everything_goes_there_and_back_again(
    footnote: Footnote,
    filled: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    answer = footnote("ask", "When was the bridge opened?", "--json").json()
    monkeypatch.setenv("FOOTNOTE_DATABASE_URL", postgres_url)
    result = footnote("corpus", "migrate", "--to", "postgresql", "--json")
    assert (result.status, result.err) == (0, "")
    there = result.json()
    jsonschema.validate(there, MIGRATED)
    assert (there["from"], there["to"]) == ("files", "postgresql")
    assert [(c["name"], c["articles"], c["encoded"]) for c in there["collections"]] == [
        (f"server-{SERVER}", 1, 0),
        ("shared", 2, 0),
    ]
    assert (there["uploads"], there["people"]["servers"]) == (1, 1)
    # Nothing but the setting says where everything is.
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "elsewhere"))
    assert text_of(footnote) == ADDED
    assert style() == "thread"
    moved = footnote("ask", "When was the bridge opened?", "--json")
    assert moved.err == ""
    assert moved.json()["quotes"][0]["text"] == answer["quotes"][0]["text"]
    assert moved.json()["confidence"] == pytest.approx(answer["confidence"], abs=0.01)
    back = footnote("corpus", "migrate", "--to", "files", "--json").json()
    # Files that were just written were looked at again meanwhile: the digests may differ.
    assert [_without_digest(each) for each in back["collections"]] == [
        _without_digest(each) for each in there["collections"]
    ]
    monkeypatch.delenv("FOOTNOTE_DATABASE_URL")
    assert (text_of(footnote), style()) == (ADDED, "thread")


def test_an_address_may_be_given_and_is_told_to_nobody(
    footnote: Footnote, filled: Path, postgres_url: str
) -> None:
    result = footnote("corpus", "migrate", "--to", postgres_url)
    assert result.status == 0
    assert result.out == (
        f"server-{SERVER}: 1 article(s), 1 passage(s).\n"
        "shared: 2 article(s), 2 passage(s).\n"
        "0 question(s) that people asked.\n"
        "Everything is in PostgreSQL now. Set FOOTNOTE_DATABASE_URL to use it.\n"
    )
    assert footnote("corpus", "migrate", "--from", postgres_url).status == 0, "it is the same"


def test_what_is_there_is_replaced_only_where_a_person_says_so_twice(
    footnote: Footnote, filled: Path, articles: Path, postgres_url: str
) -> None:
    to = ("corpus", "migrate", "--to", postgres_url)
    assert footnote(*to).status == 0
    (articles / "mill.md").write_text("The mill stands by the river.")
    assert footnote("corpus", "reload").status == 0
    refused = footnote(*to)
    assert refused.status == 1
    assert "something already" in refused.err
    assert "--replace" in refused.err
    assert footnote(*to, "--replace", typed="n\n", watched=True).status == 1
    assert footnote(*to).status == 1, "it is still there"
    replaced = footnote(*to, "--replace", "--yes")
    assert replaced.status == 0
    assert "shared: 3 article(s), 3 passage(s)." in replaced.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--to postgresql or --to files"),
        (("--to", "mysql://me:secret@host/db"), "Give files, postgresql or an address"),
        (("--to", "files", "--from", "files"), "there already"),
    ],
)
def test_wrong_usage_is_explained_without_the_password(
    footnote: Footnote, fresh: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = footnote("corpus", "migrate", *arguments)
    assert result.status == 2
    assert said in result.err
    assert "secret" not in result.err
    assert not fresh.exists()


def test_without_an_address_the_setting_is_named(footnote: Footnote, fresh: Path) -> None:
    result = footnote("corpus", "migrate", "--to", "postgresql")
    assert result.status == 1
    assert "FOOTNOTE_DATABASE_URL is not set" in result.err


def test_a_database_that_is_not_there_is_told_without_its_address(
    footnote: Footnote, filled: Path, postgres_url: str
) -> None:
    address = f"{postgres_url}x"
    result = footnote("corpus", "migrate", "--to", address)
    assert result.status == 1
    assert "cannot be reached" in result.err
    assert "does not exist" in result.err
    assert address not in result.err + result.out
