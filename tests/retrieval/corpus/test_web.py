"""Pages and feeds, from a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from retrieval.corpus import Asked, Corpora, Corpus, WebAddress
from retrieval.corpus.sources import Configured
from retrieval.errors import ArticleError
from tests.retrieval.corpus.house import (
    BRIDGE,
    SERVER,
    House,
    changed,
    outcomes,
    served,
    shown,
    upload,
)
from tests.retrieval.web.site import Site, page, response, site

HOUR = timedelta(hours=1)
MINUTE = HOUR / 60
"""The clock goes on by seconds while a check is made."""
ENTRY = """<entry><id>{id}</id><title>{title}</title><link href="{link}"/>
<updated>2030-01-01T00:00:00Z</updated>{rest}</entry>"""
FEED = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>feed</id>
<title>The Bridge News</title><updated>2030-01-01T00:00:00Z</updated>{}</feed>"""


@pytest.fixture
def server() -> Iterator[Site]:
    with site() as made:
        yield made


@pytest.fixture
def corpora(house: House, server: Site) -> Corpora:
    return house.opened(private_hosts=[server.host])


@pytest.fixture
def corpus(corpora: Corpora) -> Corpus:
    return corpora.server(SERVER)


def text(body: str, **fields: str) -> bytes:
    return response(200, body.encode(), content_type="text/plain; charset=utf-8", **fields)


def full(id_: str, body: str) -> str:
    return ENTRY.format(
        id=id_, title=f"Title {id_}", link="", rest=f'<content type="text">{body}</content>'
    ).replace('<link href=""/>', "")


def linked(id_: str, link: str, summary: str = "") -> str:
    rest = f"<summary>{summary}</summary>" if summary else ""
    return ENTRY.format(id=id_, title=f"Title {id_}", link=link, rest=rest)


def feed(*entries: str, **fields: str) -> bytes:
    body = FEED.format("".join(entries)).encode()
    return response(200, body, content_type="application/atom+xml", **fields)


def targets(server: Site) -> list[str]:
    """What was asked for since this was called last."""
    asked = [request.target for request in server.requests]
    server.requests.clear()
    return asked


def texts(corpus: Corpus) -> Sequence[str]:
    return sorted(article.text for article in corpus.articles.values())


def checked_in(corpus: Corpus, house: House) -> timedelta:
    (entry,) = corpus.inventory().entries
    assert entry.source.next_check is not None
    assert entry.source.next_check == corpus.status().next_check
    return entry.source.next_check - house.clock.now


class TestPages:
    def test_a_page_is_quoted_with_its_address(
        self, corpora: Corpora, corpus: Corpus, server: Site
    ) -> None:
        server.answers["/bridge"] = page(
            f"<html><title>The bridge</title><body><article><h1>The bridge</h1><p>{BRIDGE}</p>"
            "<p>It cost four million and took six years to build.</p></article></body></html>"
        )
        report = corpus.add(WebAddress(server.url("/bridge#top")))
        assert list(changed(report).values()) == ["added"]
        (quote, *_) = shown(corpora.ask("Who opened the bridge over the river?", server=SERVER))
        assert quote.text == BRIDGE
        assert (quote.article.url, quote.article.title) == (server.url("/bridge"), "The bridge")

    def test_the_same_address_is_the_same_article(self, corpus: Corpus, server: Site) -> None:
        for body, outcome in (("One.", "added"), ("Two.", "changed")):
            server.answers["/x"] = text(body)
            (found,) = changed(corpus.add(WebAddress(server.url("/x")))).values()
            assert found == outcome
        assert texts(corpus) == ["Two."]

    def test_what_has_not_changed_is_not_sent_again(self, corpus: Corpus, server: Site) -> None:
        server.answers["/x"] = text("One.", etag='"1"', last_modified="Wed, 01 Jan 2031 00:00 GMT")
        corpus.add(WebAddress(server.url("/x")))
        server.answers["/x"] = response(304)
        server.requests.clear()
        report = corpus.reload()
        assert (changed(report), report.encoded) == ({}, 0)
        (request,) = server.requests
        assert request.fields["if-none-match"] == '"1"'
        assert request.fields["if-modified-since"] == "Wed, 01 Jan 2031 00:00 GMT"
        assert texts(corpus) == ["One."]

    def test_what_has_changed_is_read_and_only_that_is_encoded(
        self, corpus: Corpus, server: Site
    ) -> None:
        server.answers["/x"] = text("One.\n\nTwo.")
        corpus.add(WebAddress(server.url("/x")))
        server.answers["/x"] = text("One.\n\nThree.")
        report = corpus.reload()
        assert list(changed(report).values()) == ["changed"]
        assert report.encoded == 1
        assert corpus.reload().encoded == 0

    def test_a_page_that_fails_is_served_as_it_was_and_asked_less_and_less_often(
        self, house: House, corpus: Corpus, server: Site
    ) -> None:
        server.answers["/x"] = text("One.", etag='"1"')
        corpus.add(WebAddress(server.url("/x")))
        assert HOUR - MINUTE <= checked_in(corpus, house) <= HOUR * 1.1
        server.answers["/x"] = response(500)
        for factor in (2, 4, 8, 16, 24, 24):
            report = corpus.reload()
            (failed,) = report.of("failed")
            assert "The version read before is still served." in failed.reason
            assert checked_in(corpus, house) == pytest.approx(HOUR * factor, abs=MINUTE)
        assert texts(corpus) == ["One."]
        assert corpus.status().failures
        server.answers["/x"] = text("Two.")
        assert list(changed(corpus.reload()).values()) == ["changed"]
        assert "if-none-match" not in server.requests[-1].fields
        assert corpus.status().failures == ()
        assert HOUR - MINUTE <= checked_in(corpus, house) <= HOUR * 1.1

    def test_a_server_that_wants_to_be_left_alone_is_left_alone(
        self, house: House, corpus: Corpus, server: Site
    ) -> None:
        server.answers["/x"] = text("One.")
        corpus.add(WebAddress(server.url("/x")))
        server.answers["/x"] = response(429, retry_after=str(3 * 24 * 3600))
        corpus.reload()
        assert checked_in(corpus, house) == pytest.approx(HOUR * 72, abs=MINUTE)

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (response(404), "no page at"),
            (text("  "), "holds no text"),
            (response(200, b"\x00\x01\x02", content_type="application/x-thing"), "format"),
        ],
    )
    def test_what_cannot_be_read_is_not_added(
        self, corpus: Corpus, server: Site, answer: bytes, said: str
    ) -> None:
        server.answers["/x"] = answer
        with pytest.raises(ArticleError) as caught:
            corpus.add(WebAddress(server.url("/x")))
        assert said in str(caught.value)
        assert corpus.inventory().entries == ()

    def test_a_private_network_is_not_fetched_from(self, house: House, server: Site) -> None:
        corpus = house.opened().server(SERVER)
        with pytest.raises(ArticleError):
            corpus.add(WebAddress(server.url("/x")))
        assert targets(server) == []

    def test_all_from_an_address_is_removed_and_brought_back_by_it(
        self, corpus: Corpus, server: Site
    ) -> None:
        server.answers["/x"] = text("One.")
        (id_,) = changed(corpus.add(WebAddress(server.url("/x"))))
        assert changed(corpus.remove(server.url("/x#part"))) == {id_: "removed"}
        targets(server)
        corpus.reload()
        assert targets(server) == [], "nobody wants news of it"
        assert changed(corpus.undo(server.url("/x"))) == {id_: "added"}
        corpus.reload()
        assert targets(server) == ["/x"]


class TestAsking:
    def test_a_restart_fetches_nothing_that_was_read_before(
        self, house: House, server: Site
    ) -> None:
        server.answers |= {"/a": text("One."), "/b": text("Two."), "/broken": response(500)}
        sources: list[Configured] = [house.articles, server.url("/a"), server.url("/broken")]
        first = house.opened(sources=sources, private_hosts=[server.host])
        first.shared.add(WebAddress(server.url("/b")))
        assert sorted(targets(server)) == ["/a", "/b", "/broken"]
        again = house.corpora(sources=sources, private_hosts=[server.host])
        report = again.open()
        assert targets(server) == []
        assert report.encoded == 0
        assert len(report.of("failed")) == 1, "what was wrong is still told"
        more = house.corpora(sources=[*sources, server.url("/c")], private_hosts=[server.host])
        server.answers["/c"] = text("Three.")
        assert list(changed(more.open()).values()) == ["added", "failed"]
        assert targets(server) == ["/c"]

    def test_only_what_is_due_is_asked_for(
        self, house: House, corpus: Corpus, server: Site
    ) -> None:
        server.answers |= {"/a": text("One."), "/b": text("Two.")}
        corpus.add(WebAddress(server.url("/a")))
        house.clock.wait(HOUR / 2)
        corpus.add(WebAddress(server.url("/b")))
        targets(server)

        def asked_now() -> list[str]:
            corpus.reload(asked=Asked.DUE)
            return targets(server)

        assert asked_now() == []
        house.clock.wait(HOUR * 0.65)
        assert asked_now() == ["/a"], "an hour has gone by, and the tenth that is left to chance"
        assert asked_now() == []
        house.clock.wait(HOUR * 0.5)
        assert asked_now() == ["/b"]
        corpus.reload(asked=Asked.ALL)
        assert targets(server) == ["/a", "/b"]

    def test_an_address_that_the_settings_no_longer_name_is_gone(
        self, house: House, server: Site
    ) -> None:
        server.answers["/a"] = text("One.")
        sources: list[Configured] = [house.articles, server.url("/a")]
        with_page = house.opened(sources=sources, private_hosts=[server.host])
        assert len(with_page.shared.articles) == 3
        without = house.corpora(private_hosts=[server.host])
        assert "removed" in changed(without.open()).values()
        assert served(without.shared) == {"battle", "offensive"}

    def test_looking_at_the_catalogue_asks_for_no_news_and_keeps_nothing(
        self, corpus: Corpus, server: Site
    ) -> None:
        server.answers["/a"] = text("One.")
        corpus.add(WebAddress(server.url("/a")))
        targets(server)
        before = corpus.inventory()
        assert corpus.catalogue().inventory == before == corpus.inventory()
        assert targets(server) == []


class TestFeeds:
    def test_entries_with_their_text_are_articles_and_stay_when_the_feed_drops_them(
        self, corpora: Corpora, corpus: Corpus, server: Site
    ) -> None:
        server.answers["/feed"] = feed(full("1", "The crane is red."), full("2", "Rain fell."))
        report = corpus.add(WebAddress(server.url("/feed")))
        assert list(changed(report).values()) == ["added", "added"]
        (quote, *_) = shown(corpora.ask("What colour is the crane?", server=SERVER))
        assert (quote.text, quote.article.source) == ("The crane is red.", "The Bridge News")
        server.answers["/feed"] = feed(full("2", "Rain fell twice."), full("3", "Snow fell."))
        report = corpus.reload()
        assert sorted(changed(report).values()) == ["added", "changed"]
        assert report.encoded == 2
        assert texts(corpus) == ["Rain fell twice.", "Snow fell.", "The crane is red."]

    def test_entries_that_are_only_named_are_fetched_once(
        self, corpus: Corpus, server: Site
    ) -> None:
        server.answers |= {
            "/feed": feed(linked("1", server.url("/1")), linked("2", server.url("/2"))),
            "/1": text("The first text."),
            "/2": text("The second text."),
        }
        corpus.add(WebAddress(server.url("/feed")))
        assert sorted(targets(server)) == ["/1", "/2", "/feed"]
        assert texts(corpus) == ["The first text.", "The second text."]
        titles = {article.title for article in corpus.articles.values()}
        assert titles == {"Title 1", "Title 2"}
        urls = {article.url for article in corpus.articles.values()}
        assert urls == {server.url("/1"), server.url("/2")}
        corpus.reload()
        assert targets(server) == ["/feed"]

    def test_an_entry_that_cannot_be_fetched_is_quoted_by_its_summary_or_told(
        self, corpus: Corpus, server: Site
    ) -> None:
        server.answers |= {
            "/feed": feed(
                full("0", "Whole."),
                linked("1", server.url("/gone"), "What the feed says of it."),
                linked("2", server.url("/gone")),
            )
        }
        report = corpus.add(WebAddress(server.url("/feed")))
        assert texts(corpus) == ["What the feed says of it.", "Whole."]
        (failed,) = report.of("failed")
        assert server.host in failed.reason

    def test_a_feed_cannot_have_more_than_its_share_asked_for_at_once(
        self, corpus: Corpus, server: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("retrieval.corpus.stocktaking._LINKED_AT_ONCE", 3)
        links = [linked(str(number), server.url(f"/{number}")) for number in range(7)]
        server.answers["/feed"] = feed(full("x", "Whole."), *links)
        corpus.add(WebAddress(server.url("/feed")))
        assert sorted(targets(server)) == ["/0", "/1", "/2", "/feed"], "though none was there"
        server.answers |= {f"/{number}": text(f"Text {number}.") for number in range(7)}
        for expected in (4, 7, 8, 8):
            corpus.reload()
            assert len(corpus.articles) == expected

    def test_a_removed_entry_stays_removed_and_can_be_brought_back(
        self, house: House, corpus: Corpus, server: Site
    ) -> None:
        server.answers |= {
            "/feed": feed(full("1", "The crane is red."), linked("2", server.url("/2"))),
            "/2": text("The second text."),
        }
        first, second = changed(corpus.add(WebAddress(server.url("/feed"))))
        for id_ in (first, second):
            corpus.remove(id_)
            targets(server)
            corpus.reload()
            assert "/2" not in targets(server)
            assert id_ not in served(corpus)
            assert changed(corpus.undo(id_)) == {id_: "added"}
        corpus.remove(first)
        house.clock.wait(timedelta(days=2))
        for _ in range(2):
            corpus.reload()
            assert served(corpus) == {second}
        server.answers["/feed"] = feed(full("1", "The crane is red, as it ever was."))
        corpus.reload()
        assert served(corpus) == {second}
        corpus.add(WebAddress(server.url("/feed")))
        assert served(corpus) == {first, second}, "whoever adds it again wants all of it"

    def test_all_of_a_feed_is_removed_by_its_address(
        self, house: House, corpus: Corpus, server: Site
    ) -> None:
        server.answers["/feed"] = feed(full("1", "One."), full("2", "Two."))
        corpus.add(WebAddress(server.url("/feed")))
        assert set(changed(corpus.remove(server.url("/feed"))).values()) == {"removed"}
        corpus.reload()
        assert served(corpus) == set()
        house.clock.wait(timedelta(days=1))
        corpus.reload()
        assert corpus.inventory().entries == ()
        assert corpus.status().next_check is None

    def test_a_feed_that_breaks_keeps_what_it_gave(self, corpus: Corpus, server: Site) -> None:
        server.answers["/feed"] = feed(full("1", "One."))
        corpus.add(WebAddress(server.url("/feed")))
        server.answers["/feed"] = response(200, b"<feed", content_type="application/atom+xml")
        report = corpus.reload()
        assert "failed" in outcomes(report).values()
        assert texts(corpus) == ["One."]

    def test_an_entry_whose_words_are_here_already_is_served_and_noticed(
        self, corpus: Corpus, server: Site
    ) -> None:
        corpus.add(upload("crane.md", "The crane is red."))
        server.answers["/feed"] = feed(full("1", "The crane is red."), full("2", "Rain fell."))
        (notice,) = corpus.add(WebAddress(server.url("/feed"))).notices
        assert "has the same words as" in notice


def test_times_are_in_one_zone(corpus: Corpus, server: Site) -> None:
    server.answers["/a"] = text("One.")
    corpus.add(WebAddress(server.url("/a")))
    check = corpus.status().next_check
    assert isinstance(check, datetime)
    assert check.utcoffset() == timedelta(0)
