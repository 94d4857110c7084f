"""Asked within some articles, only those are quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import CorpusError
from retrieval.sandbox import Sandbox


def test_only_what_is_chosen_is_quoted(
    encoder: SentenceTransformerEncoder, sandbox: Sandbox, tmp_path: Path
) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    for year in (1851, 1912):
        (articles / f"norwick-{year}.txt").write_text(
            f"The lighthouse of Norwick was built in {year}."
        )
    with Corpora(tmp_path / "data", Answerer(encoder), [articles], sandbox=sandbox) as corpora:
        corpora.open()
        question = "When was the lighthouse of Norwick built?"
        for id_ in corpora.articles():
            chosen = {id_}
            answer = corpora.ask(question, within=lambda article: article.id in chosen)  # noqa: B023
            shown = (*answer.quotes, *answer.nearest)
            assert {quote.article.id for quote in shown} == {id_}
            assert {ranked.passage.article for ranked in answer.passages} == {id_}
        with pytest.raises(CorpusError, match="No article is like that"):
            corpora.ask(question, within=lambda _: False)
