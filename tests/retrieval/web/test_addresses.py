"""Web addresses, in all the ways to write and to disguise them."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.web.addresses import Address, normalize
from retrieval.web.errors import FetchError

PIECES = [
    *("http:", "https:", "//", "/", "@", ":", "80", "[", "]", "::1", "127.0.0.1", "%", "%25"),
    *("a.b", ".", "..", "?", "#", "\\", "é", "。", "１", "0x7f", "xn--"),
]
texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*PIECES, "\t", " ", "\ud800"]), max_size=12).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: "http://" + "".join(pieces)),
)
"""Anything, and what is made of the parts of addresses."""


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("  https://example.org/a\n", "https://example.org/a"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("http://example.org:8080/a", "http://example.org:8080/a"),
        ("http://example.org./a", "http://example.org/a"),
        ("http://example.org/a#part", "http://example.org/a"),
        ("http://example.org?b=1&a=2", "http://example.org/?b=1&a=2"),
        ("http://example.org/a/../b/./c/", "http://example.org/b/c/"),
        ("http://example.org/%7Euser/%c3%bc", "http://example.org/~user/%C3%BC"),
        ("http://example.org/a%2Fb?q=a%20b+c%26d", "http://example.org/a%2Fb?q=a%20b+c%26d"),
        ("https://Münch.de/Ü", "https://xn--mnch-0ra.de/%C3%9C"),
        ("http://[2606:4700:0:0:0:0:0:1111]:80/", "http://[2606:4700::1111]/"),
    ],
)
def test_one_page_has_one_normal_address(written: str, normal: str) -> None:
    assert normalize(written) == normal


@given(texts)
def test_a_text_is_an_address_in_its_normal_form_or_is_refused(text: str) -> None:
    try:
        address = Address.parse(text)
    except FetchError:
        return
    assert Address.parse(address.url) == address
    assert address.url.isascii()
    assert address.scheme in {"http", "https"}
    assert "@" not in address.url.split("/")[2]


@given(texts)
def test_where_a_redirection_leads_is_an_address_or_is_refused(location: str) -> None:
    base = Address.parse("https://example.org/a/b?c=d")
    try:
        address = Address.parse(location, base=base)
    except FetchError:
        return
    assert Address.parse(address.url) == address


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("c", "https://example.org/a/c"),
        ("/c", "https://example.org/c"),
        ("?c", "https://example.org/a/b?c"),
        ("//other.org/c", "https://other.org/c"),
        ("http://other.org", "http://other.org/"),
    ],
)
def test_a_redirection_is_read_from_where_it_was_given(location: str, target: str) -> None:
    assert Address.parse(location, Address.parse("https://example.org/a/b")).url == target


@given(st.ip_addresses(v=4))
def test_a_number_is_no_other_way_to_write_a_host(ip: IPv4Address) -> None:
    a, b, c, d = ip.packed
    for disguise in (
        f"{int(ip)}",
        f"{int(ip):#x}",
        f"0{int(ip):o}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a}.{b}.{c * 256 + d}",
        f"{a}.{int(ip) % 2**24}",
        f"{a}.{b}.{c}.{d:#x}",
        f"example.{a}",
    ):
        with pytest.raises(FetchError, match="not a web address"):
            Address.parse(f"http://{disguise}/")


@pytest.mark.parametrize(
    "disguise",
    ["127.0.0.1.", "１２７.０.０.１", "127。0。0。1", "①②⑦.0.0.1", "127.0.0.1:80", "@127.0.0.1"],
)
def test_other_letters_for_a_host_are_read_as_what_they_stand_for(disguise: str) -> None:
    assert Address.parse(f"http://{disguise}/").host == "127.0.0.1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "example.org",
        "/etc/passwd",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/",
        "javascript:alert(1)",
        "data:text/html,hello",
        "http:example.org",
        "http:///example.org",
        "http://",
        "http://.",
        "http://a..b/",
        "http://exa mple.org/",
        "http://exam\tple.org/",
        "http://example.org/\r\nHost: other",
        "http://example.org\\@127.0.0.1/",
        "http:\\\\example.org",
        "http://example.org:99999/",
        "http://example.org:x/",
        "http://[::1/",
        "http://[]@/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://%31%32%37.0.0.1/",
        "http://127.0.0.1%00.example.org/",
        "http://example.org%2f@127.0.0.1/",
        "http://" + "a" * 64 + ".org/",
        "http://" + "a." * 127 + "org/",
        "http://example.org/" + "a" * 4096,
    ],
)
def test_what_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(FetchError):
        Address.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://user:Geheim@example.org/",
        "http://Geheim@example.org/",
        "http://:Geheim@example.org/",
        "http://user:Ge@Geheim@example.org/",
        "http://user:Geheim@exa mple.org/",
        "user:Geheim@example.org",
        "http://example.org:x/?token=Geheim",
        "http://exa mple.org/#Geheim",
    ],
)
def test_an_address_that_is_refused_does_not_repeat_its_secrets(text: str) -> None:
    with pytest.raises(FetchError) as refused:
        Address.parse(text)
    assert "Geheim" not in f"{refused.value} {refused.value.name}"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_an_address_is_shown_without_its_query() -> None:
    assert Address.parse("https://example.org/a?token=Geheim#x").name == "https://example.org/a?…"
    assert len(Address.parse("https://example.org/" + "a" * 2000).name) == 100
