"""Any text that Python can hold comes back from PostgreSQL as it was."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from retrieval.database.schema import COLLECTIONS
from retrieval.postgres.servers import Servers
from retrieval.postgres.text import escaped, key_of, unescaped

anything = st.text(st.characters(exclude_categories=[]))
awkward = st.text(st.sampled_from("\0\ud800\udfff\uf8ff0aé文\U0001f600"))


@given(anything | awkward)
@example("\uf8ff0000")
@example("\uf8ff" * 3)
def test_what_is_escaped_can_be_kept_and_is_read_back(text: str) -> None:
    kept = escaped(text)
    assert "\0" not in kept
    kept.encode("utf-8")
    assert unescaped(kept) == text


@given(awkward, awkward)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (escaped(one) == escaped(other)) == (one == other)


@pytest.mark.parametrize("text", ["", "plain", "é文\U0001f600", "\\", "\\0"])
def test_ordinary_texts_are_kept_as_they_are(text: str) -> None:
    assert escaped(text) == text


@given(anything | awkward, anything | awkward)
@example("a" * 1000, "a" * 1001)
def test_a_key_is_short_and_of_one_text_alone(one: str, other: str) -> None:
    assert len(key_of(one * 300)) <= 257
    assert (key_of(one) == key_of(other)) == (one == other)


@settings(max_examples=25)
@given(text=anything | awkward)
def test_they_come_back_from_the_server(postgres_module_url: str, text: str) -> None:
    servers = Servers(postgres_module_url)
    with servers.write("any") as connection:
        connection.execute(delete(COLLECTIONS))
        connection.execute(COLLECTIONS.insert().values(name="any", model=text))
    with servers.read("any") as connection:
        assert connection.scalars(select(COLLECTIONS.c.model)).all() == [text]
        where = COLLECTIONS.c.model == text
        assert connection.scalars(select(COLLECTIONS.c.name).where(where)).all() == ["any"]
    servers.close()
