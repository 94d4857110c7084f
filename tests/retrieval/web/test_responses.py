"""What the header fields of an answer are taken to mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retrieval.web.responses import Head

NOW = datetime(2025, 7, 1, 10, tzinfo=UTC)


def head(**fields: str) -> Head:
    return Head(200, {name.replace("_", "-"): value for name, value in fields.items()})


@pytest.mark.parametrize(
    ("written", "media_type", "charset"),
    [
        ("text/html", "text/html", None),
        ("TEXT/HTML ; Charset = 'UTF-8'", "text/html", "utf-8"),
        ('text/html; charset="utf-8"', "text/html", "utf-8"),
        ("application/rss+xml;a=b;charset=windows-1251", "application/rss+xml", "cp1251"),
        ("text/plain; charset=utf-16", "text/plain", "utf-16"),
        ("text/plain; charset=shift_jis", "text/plain", "shift_jis"),
        ("text/plain; charset=klingon", "text/plain", None),
        ("text/plain; charset=hex", "text/plain", None),
        ("text/plain; charset=idna", "text/plain", None),
        ("text/plain; charset=punycode", "text/plain", None),
        ("text/plain; charset=unicode-escape", "text/plain", None),
        ("text/plain; charset=a\0b", "text/plain", None),
        ("html", None, None),
        ("", None, None),
        ("; charset=utf-8", None, None),
        ("text/html, text/plain", None, None),
    ],
)
def test_a_content_type_is_read_as_far_as_it_is_one(
    written: str, media_type: str | None, charset: str | None
) -> None:
    answer = head(content_type=written)
    assert answer.media_type == media_type
    if media_type is not None:
        assert answer.charset == charset


@pytest.mark.parametrize("tag", ['"1"', 'W/"a b"', "bare"])
def test_a_validator_is_kept_as_it_is_written(tag: str) -> None:
    assert head(etag=tag).etag == tag


@pytest.mark.parametrize("tag", ["", '"é"', '"\udc80"', '"\t"', '"' + "x" * 1000 + '"'])
def test_a_validator_that_cannot_be_kept_or_sent_back_is_none(tag: str) -> None:
    assert head(etag=tag, last_modified=tag).etag is None
    assert head(etag=tag, last_modified=tag).last_modified is None


@example("0 Jul 0 0:10000000000 0")
@given(st.one_of(st.text(), st.from_regex(r"[A-Z][a-z]{2}, \d+ Jul \d+ \d+:\d+:\d+ [+-]\d+")))
def test_any_field_means_something_or_nothing(value: str) -> None:
    answer = head(content_type=f"text/html; charset={value}", retry_after=value, etag=value)
    seconds = answer.retry_after(NOW)
    assert seconds is None or seconds >= 0
    assert answer.media_type == "text/html"
    if answer.charset is not None:
        b"any bytes".decode(answer.charset, "replace")
