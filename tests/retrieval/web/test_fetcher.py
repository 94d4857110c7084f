"""Pages are fetched from a real server, and only from where they may be."""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from retrieval.limits import Limits
from retrieval.web import Fetched, Fetcher, FetchError, NotModified
from tests.retrieval.web.site import Site, head, page, redirection, response, site


def refused(fetcher: Fetcher, url: str) -> FetchError:
    with pytest.raises(FetchError) as error:
        fetcher.fetch(url)
    return error.value


def names(**addresses: Sequence[str]) -> Callable[[str, int], Sequence[str]]:
    """A name server that knows ``name.example`` for each name given."""

    def resolve(host: str, port: int) -> Sequence[str]:
        try:
            return addresses[host.removesuffix(".example")]
        except KeyError:
            raise OSError("no such host") from None

    return resolve


def fetched(fetcher: Fetcher, url: str) -> Fetched:
    result = fetcher.fetch(url)
    assert isinstance(result, Fetched)
    return result


# What comes back


def test_a_page_comes_with_what_the_server_says_of_it(web: Site, fetcher: Fetcher) -> None:
    web.answers["/a"] = page(
        "<p>Grüße</p>".encode("latin-1"),
        content_type="Text/HTML; charset=ISO-8859-1",
        etag='W/"7"',
        last_modified="Tue, 01 Jul 2025 10:00:00 GMT",
    )
    assert fetcher.fetch(web.url("/a?b=c#d")) == Fetched(
        url=web.url("/a?b=c"),
        content="<p>Grüße</p>".encode("latin-1"),
        media_type="text/html",
        charset="iso8859-1",
        etag='W/"7"',
        last_modified="Tue, 01 Jul 2025 10:00:00 GMT",
    )
    assert [request.target for request in web.requests] == ["/a?b=c"]


def test_a_page_of_no_stated_type_is_read(web: Site, fetcher: Fetcher) -> None:
    web.answers["/"] = response(200, b"hello")
    result = fetched(fetcher, web.url())
    assert (result.content, result.media_type, result.charset) == (b"hello", None, None)


def test_a_request_says_who_asks_and_nothing_of_the_person(web: Site, fetcher: Fetcher) -> None:
    web.answers["/"] = response(302, location="/b", set_cookie="id=1; Path=/")
    web.answers["/b"] = page(set_cookie="id=2")
    fetcher.fetch(web.url())
    fetcher.fetch(web.url())
    for request in web.requests:
        assert request.fields["user-agent"].startswith("Footnote/")
        assert request.fields["host"] == web.host
        assert not {"cookie", "referer", "authorization", "from"} & set(request.fields)


def test_an_unchanged_page_is_not_sent_again(web: Site, fetcher: Fetcher) -> None:
    web.answers["/"] = response(304, etag='"8"')
    result = fetcher.fetch(web.url(), etag='"7"', last_modified="Tue, 01 Jul 2025 10:00:00 GMT")
    assert result == NotModified(web.url(), '"8"', "Tue, 01 Jul 2025 10:00:00 GMT")
    assert web.requests[0].fields["if-none-match"] == '"7"'
    assert web.requests[0].fields["if-modified-since"] == "Tue, 01 Jul 2025 10:00:00 GMT"


def test_a_page_that_was_never_fetched_cannot_be_unchanged(web: Site, fetcher: Fetcher) -> None:
    web.answers["/"] = response(304)
    assert refused(fetcher, web.url()).status == 304


def test_a_changed_page_is_sent_with_its_new_validators(web: Site, fetcher: Fetcher) -> None:
    web.answers["/"] = page("new", etag='"8"')
    result = fetcher.fetch(web.url(), etag='"7"')
    assert isinstance(result, Fetched)
    assert (result.content, result.etag, result.last_modified) == (b"new", '"8"', None)


# Where it is allowed to go


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://127.0.0.1.:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0x7f.1:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://127.1:{port}/",
        "http://0:{port}/",
        "http://0.0.0.0:{port}/",
        "http://[::]:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[64:ff9b::127.0.0.1]:{port}/",
        "http://[2002:7f00:1::]:{port}/",
        "http://１２７.０.０.１:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://example.org\\@127.0.0.1:{port}/",
        "http://example.org@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\t/",
        "http://[fe80::1%25lo]:{port}/",
    ],
)
@pytest.mark.parametrize("port", [None, 80])
def test_no_spelling_of_this_machine_reaches_it(web: Site, url: str, port: int | None) -> None:
    refused(Fetcher(Limits()), url.format(port=port or web.port))
    assert web.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "168.63.129.16",
        "224.0.0.1",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[ff02::1]",
    ],
)
def test_a_private_address_is_refused_and_the_remedy_named(host: str) -> None:
    error = refused(Fetcher(Limits()), f"http://{host}/latest/meta-data/")
    assert "private network" in error.what
    assert "FOOTNOTE_PRIVATE_HOSTS" in error.remedy
    assert not error.transient


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.215.14", "10.1.2.3"],
        ["10.1.2.3", "93.184.215.14"],
        ["fd00::5"],
        ["fe80::1%eth0"],
        ["not an address"],
    ],
)
def test_a_name_with_any_private_address_is_refused_without_telling_which(
    addresses: list[str],
) -> None:
    fetcher = Fetcher(Limits(), resolve=names(evil=addresses))
    error = refused(fetcher, "http://evil.example/")
    assert "evil.example/ leads to a private network" in error.what
    assert not any(address in str(error) for address in addresses)
    assert error.__cause__ is None


def test_a_name_is_looked_up_once_and_connected_to_where_it_was_checked(web: Site) -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    fetcher = Fetcher(
        Limits(), [f"turning.example:{web.port}"], resolve=lambda host, port: answers.pop(0)
    )
    web.answers["/"] = page("first")
    assert fetched(fetcher, web.url(host="turning.example")).content == b"first"
    assert web.requests[0].fields["host"] == f"turning.example:{web.port}"
    assert answers == [["127.0.0.2"]]


def test_every_redirection_is_looked_up_and_checked_anew(web: Site) -> None:
    answers = [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"]]
    fetcher = Fetcher(
        Limits(),
        [f"turning.example:{web.port}"],
        resolve=lambda host, port: answers.pop(0),
    )
    web.answers["/"] = redirection("http://turning.example/secret")
    error = refused(fetcher, web.url(host="turning.example"))
    assert "private network" in error.what
    assert [request.target for request in web.requests] == ["/"]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{other}/",
        "http://127.0.0.2:{port}/",
        "http://localhost:{port}/",
        "//localhost:{port}/",
        "http://inside.example/",
        "http://inside.example:{other}/",
        "http://[::1]:{port}/",
        "http://2130706433:{port}/",
        "http://user:word@127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "",
        "\\\\localhost\\",
    ],
)
def test_an_exception_does_not_hold_for_where_it_redirects(web: Site, location: str) -> None:
    fetcher = Fetcher(Limits(), [web.host], timeout=5, resolve=names(inside=["127.0.0.1"]))
    with site() as other:
        web.answers["/"] = redirection(location.format(port=web.port, other=other.port))
        refused(fetcher, web.url())
        assert other.connections == 0
    assert web.connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirections_are_followed_to_where_the_page_is(
    web: Site, fetcher: Fetcher, status: int
) -> None:
    web.answers["/a"] = redirection("b/c?d", status)
    web.answers["/b/c"] = redirection(web.url("/e"), status)
    web.answers["/e"] = page("here")
    assert fetched(fetcher, web.url("/a")).url == web.url("/e")
    assert [request.target for request in web.requests] == ["/a", "/b/c?d", "/e"]


def test_a_redirection_without_end_is_left_after_five(web: Site, fetcher: Fetcher) -> None:
    web.answers["/"] = redirection("/?again")
    assert "without end" in refused(fetcher, web.url()).what
    assert len(web.requests) == 6


def test_a_redirection_to_nowhere_is_an_error(web: Site, fetcher: Fetcher) -> None:
    web.answers["/"] = response(301)
    assert refused(fetcher, web.url()).status == 301


def test_a_port_that_serves_no_pages_is_refused_unless_the_operator_names_it(web: Site) -> None:
    fetcher = Fetcher(Limits(), resolve=names(mail=["93.184.215.14"]))
    error = refused(fetcher, "http://mail.example:25/")
    assert "port 25" in error.what
    assert "FOOTNOTE_PRIVATE_HOSTS" in error.remedy


def test_an_exception_without_a_port_holds_for_all_of_them(web: Site) -> None:
    web.answers["/"] = page("hello")
    fetcher = Fetcher(Limits(), ["Wiki.Example."], resolve=names(wiki=["127.0.0.1"]))
    assert fetched(fetcher, web.url(host="wiki.example")).content == b"hello"


def test_a_proxy_of_the_environment_is_not_used(
    web: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers["/"] = page("hello")
    with site() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert fetched(fetcher, web.url()).content == b"hello"
        assert proxy.connections == 0


# What goes wrong


@pytest.mark.parametrize(
    ("status", "transient", "words"),
    [
        (204, False, "no page"),
        (206, False, "no page"),
        (400, False, "no page"),
        (401, False, "login"),
        (403, False, "login"),
        (404, False, "There is no page"),
        (408, True, "cannot be read"),
        (410, False, "gone"),
        (429, True, "too often"),
        (451, False, "login"),
        (500, True, "at present"),
        (503, True, "at present"),
        (599, True, "599"),
        (700, False, "700"),
    ],
)
def test_a_status_is_said_in_plain_words(
    web: Site, fetcher: Fetcher, status: int, transient: bool, words: str
) -> None:
    web.answers["/"] = head(status)
    error = refused(fetcher, web.url())
    assert words in str(error)
    assert (error.status, error.transient, error.retry_after) == (status, transient, None)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120.0),
        ("Tue, 01 Jul 2025 10:05:00 GMT", 300.0),
        ("Tue, 01 Jul 2025 09:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("9" * 400, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_says_when_to_come_back(
    web: Site, status: int, written: str, seconds: float | None
) -> None:
    now = datetime(2025, 7, 1, 10, tzinfo=UTC)
    web.answers["/"] = response(status, retry_after=written)
    fetcher = Fetcher(Limits(), [web.host], clock=lambda: now)
    error = refused(fetcher, web.url())
    assert error.transient
    assert error.retry_after == seconds


def test_a_name_that_nobody_has_is_said_to_be_unknown() -> None:
    fetcher = Fetcher(Limits(), resolve=names(empty=[]))
    for host in ("nowhere.example", "empty.example"):
        error = refused(fetcher, f"http://{host}/")
        assert f"no server of the name {host}" in error.what


def test_a_server_that_takes_no_connection_is_said_to_be_out_of_reach() -> None:
    with site() as gone:
        url, host = gone.url(), gone.host
    error = refused(Fetcher(Limits(), [host]), url)
    assert "cannot be reached" in error.what
    assert error.transient


@pytest.mark.parametrize("kind", ["image/png", "VIDEO/mp4; x=y", "audio/ogg", "font/woff2"])
def test_what_holds_no_text_is_refused_by_its_type(web: Site, fetcher: Fetcher, kind: str) -> None:
    # The body never comes: it is not waited for.
    web.answers["/"] = head(200, content_type=kind, content_length="100")
    assert "holds no text" in refused(fetcher, web.url()).what


# Who asks, and what is told


def test_many_threads_fetch_at_once_beside_a_running_event_loop(web: Site) -> None:
    for number in range(8):
        web.answers[f"/{number}"] = page(f"page {number}")
    fetcher = Fetcher(Limits(), [web.host])

    async def fetch_all() -> list[Fetched]:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(8) as pool:
            return await asyncio.gather(
                *(
                    loop.run_in_executor(pool, fetched, fetcher, web.url(f"/{number}"))
                    for number in range(8)
                )
            )

    contents = [result.content for result in asyncio.run(fetch_all())]
    assert contents == [f"page {number}".encode() for number in range(8)]


def test_the_secrets_of_an_address_are_told_to_its_server_alone(
    web: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "".join(["Ge", "heim"])  # In two parts: tracebacks quote the lines of this test.
    web.answers["/ok"] = page("hello")
    web.answers["/cut"] = head(200, content_length="100") + b"half"
    web.answers["/noise"] = b"noise\r\n\r\n"
    web.answers["/away"] = redirection(f"http://inside.example/?token={secret}")
    web.answers["/astray"] = redirection(f"http://user:{secret}@inside.example:x/")
    web.answers["/image"] = page(content_type="image/png")
    with site() as gone:
        pass
    fetcher = Fetcher(Limits(), [web.host, gone.host], resolve=names(inside=["127.0.0.1"]))
    fetcher.fetch(web.url(f"/ok?token={secret}"))
    paths = ("/missing", "/cut", "/noise", "/away", "/astray", "/image")
    urls = [f"{web.url(path)}?token={secret}" for path in paths]
    errors = [refused(fetcher, url) for url in [*urls, f"{gone.url()}?token={secret}"]]
    assert {request.target.partition("?")[2] for request in web.requests} == {f"token={secret}"}
    told = "".join("".join(traceback.format_exception(error)) for error in errors)
    assert secret not in told + "".join(map(str, errors)) + caplog.text


def test_a_look_up_that_never_ends_ends_with_the_time(web: Site) -> None:
    never = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        never.wait()
        return ["127.0.0.1"]

    fetcher = Fetcher(Limits(), [f"slow.example:{web.port}"], timeout=0.1, resolve=resolve)
    try:
        error = refused(fetcher, web.url(host="slow.example"))
    finally:
        never.set()
    assert "takes too long" in error.what
    assert error.transient
    assert web.connections == 0
