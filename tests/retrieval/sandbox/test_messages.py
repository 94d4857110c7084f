from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.articles import Article
from retrieval.preparation import prepare
from retrieval.sandbox.messages import (
    BadMessage,
    article_from_message,
    article_to_message,
    decode,
    encode,
    error_from_message,
    linked_from_message,
    receive,
    send,
)
from tests.strategies import texts

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def a_message() -> dict[str, Any]:
    text = "# Heading\n\nThe battle began. The battle ended."
    article = Article("a", "T", text, "S", "http://localhost/", "A", "2014", (0, 9))
    return article_to_message(prepare(article))


@given(
    text=texts | st.text(st.characters(), max_size=50),
    author=st.none() | st.text(st.characters(), max_size=9),
)
def test_an_article_arrives_as_it_was_sent(text: str, author: str | None) -> None:
    sent = prepare(Article("a", "T", text, author=author, pages=(0, len(text))))
    pipe = io.BytesIO()
    send(pipe, encode(article_to_message(sent)))
    pipe.seek(0)
    assert article_from_message(decode(receive(pipe))) == sent


@given(contents=st.lists(st.binary(max_size=50)))
def test_frames_arrive_as_they_were_sent(contents: list[bytes]) -> None:
    pipe = io.BytesIO()
    for content in contents:
        send(pipe, content)
    pipe.seek(0)
    assert [receive(pipe, 50) for _ in contents] == contents
    with pytest.raises(EOFError):
        receive(pipe)


@given(content=st.binary(max_size=50), data=st.data())
def test_a_frame_that_is_cut_off_is_a_bad_message(content: bytes, data: st.DataObject) -> None:
    pipe = io.BytesIO()
    send(pipe, content)
    whole = pipe.getvalue()
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(BadMessage):
        receive(io.BytesIO(whole[:cut]))


def test_a_frame_that_announces_too_much_is_not_read() -> None:
    with pytest.raises(BadMessage):
        receive(io.BytesIO(b"\0" * 7 + b"\x0bhello world"), 10)
    with pytest.raises(BadMessage):
        receive(io.BytesIO(b"\xff" * 8 + b"hello world"))


@pytest.mark.parametrize("content", [b"", b"[]", b'"a"', b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_a_bad_message(content: bytes) -> None:
    with pytest.raises(BadMessage):
        decode(content)


@given(data=st.data(), value=json_values)
def test_a_message_with_anything_in_it_is_an_article_or_bad(
    data: st.DataObject, value: object
) -> None:
    message = a_message()
    places = [message, message["article"], *message["passages"]]
    place = places[data.draw(st.integers(0, len(places) - 1))]
    place[data.draw(st.sampled_from(sorted(place)))] = value
    try:
        prepared = article_from_message(message)
    except BadMessage:
        return
    text = prepared.article.text
    for part in prepared.passages:
        assert part.passage.article == prepared.article.id
        for span in (part.passage.span, *part.sentences):
            assert 0 <= span.start <= span.end <= len(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("span", [0, 10_000]),
        ("span", [5, 2]),
        ("span", [-1, 2]),
        ("span", [0]),
        ("span", [False, True]),
        ("sentences", [0, 1, 2]),
        ("sentences", [0, 10_000]),
        ("words", [-1]),
        ("words", [10_000]),
        ("heading", [0, 10_000]),
        ("hash", None),
    ],
)
def test_a_passage_that_is_not_of_its_article_is_a_bad_message(field: str, value: object) -> None:
    message = a_message()
    message["passages"][0][field] = value
    with pytest.raises(BadMessage):
        article_from_message(message)


@given(value=json_values)
def test_anything_else_is_no_error_and_no_link(value: object) -> None:
    with pytest.raises(BadMessage):
        error_from_message(value)
    with pytest.raises(BadMessage):
        linked_from_message(value)
