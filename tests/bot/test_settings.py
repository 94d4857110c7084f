from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dotenv import dotenv_values

import bot.settings
from bot.settings import DEFAULT_MODEL, Secret, Settings, load_settings
from retrieval.errors import SettingsError
from retrieval.limits import Limits

EXAMPLE = Path(__file__).parents[2] / ".env.example"
TOKEN = "MTIz.very-secret.token"


def load(folder: Path, dotenv: str | bytes = "", **environment: str) -> Settings:
    path = folder / ".env"
    path.write_bytes(dotenv if isinstance(dotenv, bytes) else dotenv.encode())
    return load_settings(environment, path)


def test_without_any_setting_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path / "missing.env")
    assert settings.discord_token is None
    assert settings.articles == ()
    assert settings.model == DEFAULT_MODEL
    assert settings.answer_threshold is None
    assert settings.data_dir.name == "footnote"
    assert settings.limits == Limits()
    assert not settings.watch
    assert not settings.operators


def test_the_example_says_every_setting_with_its_default(tmp_path: Path) -> None:
    missing = tmp_path / "missing.env"
    assert load_settings({}, EXAMPLE) == load_settings({}, missing)


def test_the_example_leaves_no_setting_out() -> None:
    source = Path(bot.settings.__file__).read_text("utf-8")
    named = set(re.findall(r'"(MODEL|[A-Z]+(?:_[A-Z]+)+)"', source))
    assert named == set(dotenv_values(EXAMPLE))


@pytest.mark.parametrize("name", dotenv_values(EXAMPLE))
def test_every_setting_of_the_example_is_read(tmp_path: Path, name: str) -> None:
    found: Settings | str
    try:
        found = load(tmp_path, **{name: "~no-such-user-here/changed"})
    except SettingsError as error:
        found = error.what
    assert name in found if isinstance(found, str) else found != load(tmp_path)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    dotenv = "MODEL=from-file\nLOG_LEVEL=debug\n"
    settings = load(tmp_path, dotenv, MODEL="from-environment")
    assert (settings.model, settings.log_level) == ("from-environment", "DEBUG")


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    settings = load(tmp_path, f"DISCORD_TOKEN={TOKEN}\nMODEL=", DISCORD_TOKEN=" ", LOG_LEVEL="")
    assert settings.discord_token is None
    assert settings.model == DEFAULT_MODEL


@pytest.mark.parametrize(
    ("dotenv", "model"),
    [("", None), ("RERANKER_MODEL= ", None), ("RERANKER_MODEL=some/model", "some/model")],
)
def test_a_reranker_is_used_only_where_one_is_named(
    tmp_path: Path, dotenv: str, model: str | None
) -> None:
    assert load(tmp_path, dotenv).reranker_model == model


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_from_windows_is_read_from_its_first_setting(tmp_path: Path, end: str) -> None:
    dotenv = end.join([f"DISCORD_TOKEN='{TOKEN}'", "MODEL=m", ""])
    settings = load(tmp_path, b"\xef\xbb\xbf" + dotenv.encode())
    assert settings.discord_token is not None
    assert settings.discord_token.reveal() == TOKEN
    assert settings.model == "m"


def test_paths_may_name_the_home_folder_and_be_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    settings = load(tmp_path, FOOTNOTE_ARTICLES="~/a, /b ,,", FOOTNOTE_DATA_DIR="~/data")
    assert settings.articles == (Path("/home/somebody/a"), Path("/b"))
    assert settings.data_dir == Path("/home/somebody/data")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANSWER_THRESHOLD", "high"),
        ("ANSWER_THRESHOLD", "0,5"),
        ("ANSWER_THRESHOLD", "1.01"),
        ("ANSWER_THRESHOLD", "-0.1"),
        ("ANSWER_THRESHOLD", "nan"),
        ("ANSWER_THRESHOLD", "inf"),
        ("DISCORD_API_URL", "discord.com"),
        ("DISCORD_API_URL", "ws://localhost"),
        ("DISCORD_API_URL", "http://"),
        ("DISCORD_API_URL", "http://[::1"),
        ("DISCORD_API_URL", "http://localhost:99999"),
        ("DISCORD_API_URL", "http://:80"),
        ("DISCORD_GATEWAY_URL", "https://localhost"),
        ("LOG_LEVEL", "loud"),
        ("FOOTNOTE_ARTICLES", "~no-such-user-here/articles"),
        ("FOOTNOTE_DATA_DIR", "~no-such-user-here/data"),
        ("FOOTNOTE_WATCH", "perhaps"),
        ("FOOTNOTE_POLL_MINUTES", "-1"),
        ("FOOTNOTE_POLL_MINUTES", "1.5"),
        ("FOOTNOTE_POLL_MINUTES", "hourly"),
        ("FOOTNOTE_POLL_MINUTES", "9" * 400),
        ("OPERATOR_IDS", "ada"),
        ("OPERATOR_IDS", "80351110224678912, <@1>"),
        ("OPERATOR_IDS", "٣"),
        ("FOOTNOTE_MAX_FILE_MB", "0"),
        ("FOOTNOTE_MAX_FILE_MB", "20 MB"),
        ("FOOTNOTE_MAX_PAGES", "many"),
        ("FOOTNOTE_MAX_ARTICLES", "0"),
        ("FOOTNOTE_MAX_PASSAGES", "0"),
        ("FOOTNOTE_READ_SECONDS", "0"),
        ("FOOTNOTE_READ_MEMORY_MB", "64"),
        ("FOOTNOTE_DATABASE_URL", "sqlite:///footnote.db"),
        ("FOOTNOTE_DATABASE_URL", "postgresql:footnote"),
        ("FOOTNOTE_DATABASE_URL", "postgresql://host/footnote?no_such_option=1"),
        ("FOOTNOTE_DATABASE_URL", "host=localhost dbname=footnote"),
        ("FOOTNOTE_REPLICA_URLS", "https://replica/footnote"),
        ("FOOTNOTE_REPLICA_URLS", "postgresql://without-its-primary/footnote"),
        ("SHARD_COUNT", "0"),
        ("SHARD_COUNT", "two"),
        ("SHARD_IDS", "0"),
        ("SHARD_IDS", "first"),
        ("SHARD_IDS", "3-1"),
        ("SHARD_IDS", "0--1"),
        ("SHARD_IDS", "-1"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, DISCORD_TOKEN=TOKEN, **{name: value})
    assert name in caught.value.what
    assert caught.value.remedy
    assert TOKEN not in str(caught.value) + repr(caught.value)


def test_articles_may_be_addresses_among_paths(tmp_path: Path) -> None:
    settings = load(tmp_path, FOOTNOTE_ARTICLES="/a, HTTPS://example.org/feed?a=1 ,http.md")
    assert settings.articles == (Path("/a"), "HTTPS://example.org/feed?a=1", Path("http.md"))


@pytest.mark.parametrize(
    ("value", "is_on"), [("1", True), ("Yes", True), ("0", False), ("off", False), ("", False)]
)
def test_watching_is_a_switch(tmp_path: Path, value: str, is_on: bool) -> None:
    assert load(tmp_path, FOOTNOTE_WATCH=value).watch is is_on


def test_hosts_and_operators_may_be_several(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        FOOTNOTE_PRIVATE_HOSTS="wiki.intranet, [::1]:8080,",
        OPERATOR_IDS="80351110224678912 ,1",
    )
    assert settings.private_hosts == ("wiki.intranet", "[::1]:8080")
    assert settings.operators == {80351110224678912, 1}


def test_limits_are_given_in_the_units_that_people_think_in(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        FOOTNOTE_MAX_FILE_MB="2",
        FOOTNOTE_MAX_PAGES="3",
        FOOTNOTE_MAX_ARTICLES="4",
        FOOTNOTE_MAX_PASSAGES="5",
        FOOTNOTE_READ_SECONDS="6",
        FOOTNOTE_READ_MEMORY_MB="128",
        FOOTNOTE_POLL_MINUTES="0",
    )
    assert settings.poll_minutes == 0
    assert settings.limits == Limits(
        file_bytes=2 * 1024 * 1024,
        pages=3,
        articles=4,
        passages=5,
        read_seconds=6,
        read_bytes=128 * 1024 * 1024,
    )


@pytest.mark.parametrize("value", ["0", "1", "0.5", "1e-1"])
def test_a_threshold_is_a_fraction(tmp_path: Path, value: str) -> None:
    assert load(tmp_path, ANSWER_THRESHOLD=value).answer_threshold == float(value)


def test_addresses_lose_their_last_slash(tmp_path: Path) -> None:
    settings = load(
        tmp_path, DISCORD_API_URL="http://[::1]:8080/api/", DISCORD_GATEWAY_URL="WSS://localhost/"
    )
    assert settings.discord_api_url == "http://[::1]:8080/api"
    assert settings.discord_gateway_url == "WSS://localhost"


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.env cannot be read.*UTF-8") as caught:
        load(tmp_path, f"DISCORD_TOKEN={TOKEN}".encode("utf-16"))
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("show", [repr, str, "{}".format, "%s".__mod__, "{!r}".format])
def test_the_token_shows_itself_to_nobody(tmp_path: Path, show: Callable[[object], str]) -> None:
    settings = load(tmp_path, DISCORD_TOKEN=TOKEN)
    assert settings.discord_token is not None
    for shown in (show(settings), show(settings.discord_token)):
        assert TOKEN not in shown
    assert settings.discord_token.reveal() == TOKEN


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy])
def test_the_token_is_not_copied_out(leak: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="secret"):
        leak(Secret(TOKEN))


def test_a_database_and_its_replicas_are_addresses_that_nobody_is_shown(tmp_path: Path) -> None:
    primary, first, second = (
        f"postgresql://footnote:s3cret@{host}/footnote" for host in ("primary", "first", "second")
    )
    settings = load(
        tmp_path, FOOTNOTE_DATABASE_URL=primary, FOOTNOTE_REPLICA_URLS=f"{first}, {second}"
    )
    assert settings.database_url is not None
    assert settings.database_url.reveal() == primary
    assert [url.reveal() for url in settings.replica_urls] == [first, second]
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize("name", ["FOOTNOTE_DATABASE_URL", "FOOTNOTE_REPLICA_URLS"])
def test_an_address_that_cannot_be_used_does_not_show_its_password(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **{name: "mysql://footnote:s3cret@host/footnote"})
    assert "s3cret" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///footnote?host=/run/postgresql",
        "postgres://footnote@first:5432,second:5432/footnote",
    ],
)
def test_a_socket_and_several_hosts_are_an_address_too(tmp_path: Path, url: str) -> None:
    settings = load(tmp_path, FOOTNOTE_DATABASE_URL=url)
    assert settings.database_url is not None
    assert settings.database_url.reveal() == url


@pytest.mark.parametrize(
    ("value", "ids"), [("", ()), ("0", (0,)), ("5,1, 2", (1, 2, 5)), ("0-2, 2 - 3", (0, 1, 2, 3))]
)
def test_shards_are_numbers_and_ranges(tmp_path: Path, value: str, ids: tuple[int, ...]) -> None:
    settings = load(tmp_path, SHARD_COUNT="6", SHARD_IDS=value)
    assert (settings.shard_count, settings.shard_ids) == (6, ids)


def test_a_shard_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"SHARD_IDS names shard 4.*the last one is 3"):
        load(tmp_path, SHARD_COUNT="4", SHARD_IDS="2-4")
