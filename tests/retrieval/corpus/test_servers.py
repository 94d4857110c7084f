"""Servers' own collections: bounded, empty at first, and strangers to each other."""

from __future__ import annotations

import pytest

from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import CorpusError
from retrieval.limits import Limits
from tests.retrieval.corpus.house import (
    BRIDGE,
    OFFENSIVE,
    SERVER,
    House,
    changed,
    served,
    shown,
    upload,
)
from tests.retrieval.corpus.test_corpus import Other

STRANGER = 456


class TestOwn:
    def test_an_empty_collection_is_no_error_and_costs_nothing(self, house: House) -> None:
        corpora = house.opened()
        own = corpora.server(SERVER)
        assert (served(own), own.status().articles, own.status().generation) == (set(), 0, None)
        assert shown(corpora.ask("What is the offensive called?", server=SERVER))
        assert corpora.kept() == []
        assert corpora.server(SERVER) is own

    def test_what_a_server_adds_is_answered_there_before_what_is_shared(self, house: House) -> None:
        corpora = house.opened()
        corpora.server(SERVER).add(upload("bridge.md", BRIDGE))
        question = "Who opened the bridge over the river?"
        assert shown(corpora.ask(question, server=SERVER))[0].text == BRIDGE
        assert list(corpora.articles(SERVER)) == ["bridge", "battle", "offensive"]
        for asked in (corpora.ask(question), corpora.ask(question, server=STRANGER)):
            assert all(quote.text != BRIDGE for quote in shown(asked))
        assert list(corpora.articles(STRANGER)) == list(corpora.articles())
        assert corpora.kept() == [SERVER]

    def test_its_last_article_can_be_removed_and_brought_back(self, house: House) -> None:
        corpora = house.opened()
        own = corpora.server(SERVER)
        own.add(upload("bridge.md", BRIDGE))
        assert changed(own.remove("bridge")) == {"bridge": "removed"}
        assert own.generation is None
        again = house.opened().server(SERVER)
        assert again.generation is None
        report = again.undo()
        assert (changed(report), report.encoded) == ({"bridge": "added"}, 0)

    def test_a_restart_encodes_nothing(self, house: House) -> None:
        house.opened().server(SERVER).add(upload("bridge.md", BRIDGE))
        again = house.opened()
        own = again.server(SERVER)
        assert served(own) == {"bridge"}
        assert (own.status().encoded_here, again.shared.status().encoded_here) == (0, 0)

    def test_the_words_of_another_server_are_encoded_once(self, house: House) -> None:
        corpora = house.opened()
        assert corpora.server(SERVER).add(upload("bridge.md", BRIDGE)).encoded == 1
        assert corpora.server(STRANGER).add(upload("another.md", BRIDGE)).encoded == 0

    def test_the_same_name_in_two_servers_is_two_articles(self, house: House) -> None:
        corpora = house.opened()
        corpora.server(SERVER).add(upload("rules.md", "The colour of the rule is red."))
        corpora.server(STRANGER).add(upload("rules.md", "The colour of the rule is blue."))
        for server, colour in ((SERVER, "red"), (STRANGER, "blue")):
            (quote, *_) = shown(corpora.ask("What colour is the rule?", server=server))
            assert quote.text == f"The colour of the rule is {colour}."
            assert corpora.articles(server)["rules"].text == quote.text

    def test_an_id_that_is_shared_too_is_told_apart(self, house: House) -> None:
        corpora = house.opened()
        corpora.server(SERVER).add(upload("battle.md", BRIDGE))
        assert list(corpora.articles(SERVER)) == ["battle", "shared/battle", "offensive"]
        assert corpora.articles(SERVER)["battle"].text == BRIDGE

    def test_another_model_encodes_what_a_server_has_anew(
        self, house: House, encoder: SentenceTransformerEncoder
    ) -> None:
        first = house.opened()
        first.server(SERVER).add(upload("bridge.md", BRIDGE))
        first.close()
        other = house.opened(encoder=Other(encoder))  # type: ignore[arg-type]
        own = other.server(SERVER)
        assert (served(own), own.status().encoded_here) == ({"bridge"}, 1)
        assert own.generation is not None
        assert own.generation.model == "another model"
        other.refresh()
        assert own.status().encoded_here == 1

    def test_another_version_builds_the_index_again_once_and_encodes_nothing(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = house.opened()
        first.server(SERVER).add(upload("bridge.md", BRIDGE))
        first.close()
        monkeypatch.setattr("retrieval.corpus.generation.FORMAT", 999)
        again = house.opened()
        own = again.server(SERVER)
        built = own.generation
        assert built is not None
        assert again.refresh() == []
        assert own.generation is built
        assert (own.status().encoded_here, again.shared.status().encoded_here) == (0, 0)

    def test_a_forgotten_server_has_nothing_left_and_may_begin_anew(self, house: House) -> None:
        corpora = house.opened()
        for server in (SERVER, STRANGER):
            corpora.server(server).add(upload("bridge.md", BRIDGE))
        corpora.set_uses_shared(SERVER, False)
        corpora.forget(SERVER)
        assert corpora.kept() == [STRANGER]
        assert not (house.data / "collections" / f"server-{SERVER}").exists()
        assert corpora.uses_shared(SERVER)
        assert served(corpora.server(SERVER)) == set()
        assert served(corpora.server(STRANGER)) == {"bridge"}
        with pytest.raises(CorpusError, match="Nothing was removed"):
            corpora.server(SERVER).undo()


class TestShared:
    def test_a_server_may_do_without_what_is_shared(self, house: House) -> None:
        corpora = house.opened()
        corpora.server(SERVER).add(upload("bridge.md", BRIDGE))
        assert corpora.uses_shared(SERVER)
        corpora.set_uses_shared(SERVER, False)
        assert list(corpora.articles(SERVER)) == ["bridge"]
        assert {q.text for q in shown(corpora.ask("The offensive", server=SERVER))} == {BRIDGE}
        again = house.opened()
        assert not again.uses_shared(SERVER)
        assert not again.server(SERVER).status().uses_shared
        assert again.uses_shared(STRANGER)
        again.set_uses_shared(SERVER, True)
        assert len(again.articles(SERVER)) == 3

    def test_with_neither_it_is_told_what_to_do(self, house: House) -> None:
        corpora = house.opened()
        corpora.set_uses_shared(SERVER, False)
        for ask in (corpora.ask, corpora.summarize):
            with pytest.raises(CorpusError, match=r"no articles yet.*/corpus add"):
                ask("Who?", server=SERVER)
        assert corpora.articles_at_hand(SERVER) == {}

    def test_a_reload_of_what_is_shared_is_seen_by_every_server(self, house: House) -> None:
        corpora = house.opened()
        corpora.server(SERVER).add(upload("bridge.md", BRIDGE))
        assert "offensive" in corpora.articles(SERVER)
        house.write(offensive=OFFENSIVE.replace("Dignity", "Serenity"))
        corpora.shared.reload()
        quotes = shown(corpora.ask("What is the offensive called?", server=SERVER))
        assert "Serenity" in quotes[0].text

    def test_what_is_at_hand_opens_nothing(self, house: House) -> None:
        house.opened().server(SERVER).add(upload("bridge.md", BRIDGE))
        again = house.opened()
        assert again.articles_at_hand(SERVER) == {}
        assert again.opened() == {}
        again.server(SERVER)
        assert "bridge" in again.articles_at_hand(SERVER)


class TestLimits:
    def test_more_articles_than_allowed_are_refused_and_nothing_is_changed(
        self, house: House
    ) -> None:
        corpora = house.opened(limits=Limits(articles=2))
        own = corpora.server(SERVER)
        for number in range(2):
            own.add(upload(f"n{number}.md", f"Text number {number}."))
        before = own.inventory()
        with pytest.raises(CorpusError, match=r"may hold 2 articles, and there would be 3"):
            own.add(upload("n2.md", "Text number 2."))
        assert own.inventory() == before
        assert own.status().encoded_here == 2
        assert len(list(house.data.glob("collections/*/originals/*"))) == 2
        assert changed(own.add(upload("n1.md", "A new text."))) == {"n1": "changed"}
        own.remove("n0")
        assert changed(own.add(upload("n2.md", "Text number 2."))) == {"n2": "added"}
        with pytest.raises(CorpusError, match="may hold 2 articles"):
            own.undo()

    def test_more_passages_than_allowed_are_refused_before_any_is_encoded(
        self, house: House
    ) -> None:
        corpora = house.opened(limits=Limits(passages=3))
        own = corpora.server(SERVER)
        own.add(upload("one.md", "One.\n\nTwo."))
        with pytest.raises(CorpusError, match=r"may hold 3 passages, and there would be 4"):
            own.add(upload("two.md", "Three.\n\nFour."))
        assert served(own) == {"one"}
        assert own.status().encoded_here == 2
        assert changed(own.add(upload("two.md", "Three."))) == {"two": "added"}

    def test_who_is_over_a_limit_that_was_lowered_may_still_remove(self, house: House) -> None:
        own = house.opened().server(SERVER)
        for number in range(3):
            own.add(upload(f"n{number}.md", f"Text number {number}."))
        lowered = house.opened(limits=Limits(articles=1, passages=1)).server(SERVER)
        assert served(lowered) == {"n0", "n1", "n2"}
        with pytest.raises(CorpusError, match="may hold 1 article,"):
            lowered.add(upload("n3.md", "Text number 3."))
        lowered.remove("n0")
        assert changed(lowered.add(upload("n1.md", "Another text."))) == {"n1": "changed"}
        assert served(lowered) == {"n1", "n2"}

    def test_what_is_shared_has_no_limit(self, house: House) -> None:
        corpora = house.opened(limits=Limits(articles=1, passages=1))
        assert served(corpora.shared) == {"battle", "offensive"}
        corpora.shared.add(upload("bridge.md", BRIDGE))
