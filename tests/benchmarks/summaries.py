"""Footnote's summaries beside the first sentences and sumy's LexRank and TextRank.

    python tests/benchmarks/summaries.py FILE.json [FILE.json ...] [--sentences N] [--json]

Each FILE is a question set in SQuAD's form. Of each of its articles every method chooses as many
sentences, among the same ones (those that ``retrieval.segmentation`` finds). No public set of
reference summaries comes as a package, so there is no ROUGE against one. Measured instead:

- ``divergence``: Jensen-Shannon divergence (base 2) between the stems of summary and article. Of
  the measures without references it agrees best with human judgement (Louis and Nenkova 2013).
- ``content``: share of the article's content that the summary names: its stems, each weighted by
  how often it occurs and how few of the set's paragraphs hold it (tf-idf).
- ``asked``: share of the article's questions whose answer stands in a chosen sentence: what people
  found worth asking about.
- ``redundancy``: mean over the chosen sentences of the highest ROUGE-L (F1, on stems) with another.
- ``dangling``: share of the chosen sentences that cannot stand alone: they open with a pronoun or a
  connective, are no whole sentence, or hold half a quotation. Footnote leaves such sentences out by
  rules of its own, so this checks that it does rather than being a contest.
- ``words``: how long the chosen sentences are. The longer ones say more.

Shown are medians over the articles; of ``asked`` and ``dangling``, which are few whole sentences an
article, means. English only, as the stop words and the signs of a dangling sentence are. LexRank
and TextRank need the extra ``benchmarks``: ``pip install -e '.[benchmarks]'``.
"""

from __future__ import annotations

import json
import math
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from retrieval.analysis import tokens, words
from retrieval.articles import Article, Span
from retrieval.corpus.generation import Generation
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.evaluation.index import EvaluationIndex
from retrieval.evaluation.squad import QuestionSet, read_squad
from retrieval.languages import ENGLISH
from retrieval.segmentation import passages, sentences
from retrieval.summaries import summarize

MEASURES: Final = ("divergence", "content", "asked", "redundancy", "dangling", "words")
_MEANS: Final = frozenset({"asked", "dangling"})

_OPENS_ON_ANOTHER: Final = re.compile(
    r"[\"'“‘(\[]*(?:and|but|or|nor|so|yet|he|she|it|they|this|these|those|that|such|both|his|her|"
    r"hers|its|their|theirs|however|moreover|furthermore|therefore|thus|hence|consequently|also|"
    r"additionally|besides|instead|otherwise|meanwhile|then|similarly|likewise|nevertheless|"
    r"nonetheless|accordingly|finally|in (?:addition|contrast|turn|particular|fact)|"
    r"as a result|for (?:example|instance)|on the other hand|the (?:former|latter|same))\b",
    re.IGNORECASE,
)
_WHOLE: Final = re.compile(r"[\"'“‘(\[]*[A-Z0-9].*[.!?…][\"'”’)\]\d,]*", re.DOTALL)
_LEAST_WORDS: Final = 4

Chooser = Callable[["Pool", int], list[int]]


@dataclass(frozen=True)
class Pool:
    """The sentences of one article, and its questions' answers."""

    article: Article
    sentences: tuple[Span, ...]
    stems: tuple[tuple[str, ...], ...]
    answers: tuple[tuple[Span, ...], ...]

    def text(self, number: int) -> str:
        return self.sentences[number].of(self.article.text)


def pools(questions: QuestionSet) -> Iterator[Pool]:
    """Each article with what is chosen from."""
    for article in questions.articles.values():
        spans = tuple(
            sentence.span
            for passage in passages(article)
            for sentence in sentences(article.text, passage.span, ENGLISH)
        )
        stems = tuple(tuple(words(span.of(article.text), ENGLISH)) for span in spans)
        answers = tuple(
            question.answers
            for question in questions.questions
            if question.article == article.id and question.answers
        )
        yield Pool(article, spans, stems, answers)


def lead(pool: Pool, count: int) -> list[int]:
    """The first sentences, which are hard to beat on news."""
    return list(range(min(count, len(pool.sentences))))


def footnote(generation: Generation) -> Chooser:
    """Footnote over an index of the whole set, one article at a time."""

    def choose(pool: Pool, count: int) -> list[int]:
        summary = summarize(
            generation.engine, generation.articles, count=count, article=pool.article.id
        )
        return [pool.sentences.index(quote.span) for quote in summary.quotes]

    return choose


def sumy(name: str) -> Chooser:
    """A summarizer of sumy, with English stems and stop words."""
    import importlib

    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
    from sumy.nlp.stemmers import Stemmer
    from sumy.utils import get_stop_words

    module, class_ = {
        "LexRank": ("lex_rank", "LexRankSummarizer"),
        "TextRank": ("text_rank", "TextRankSummarizer"),
    }[name]
    summarizer = getattr(importlib.import_module(f"sumy.summarizers.{module}"), class_)(
        Stemmer("english")
    )
    summarizer.stop_words = get_stop_words("english")

    class Tokenizer:
        """What sumy asks of a tokenizer, without nltk's models, which would be downloaded."""

        def to_words(self, text: str) -> tuple[str, ...]:
            return tuple(word for word, _ in tokens(text))

    def choose(pool: Pool, count: int) -> list[int]:
        tokenizer = Tokenizer()
        whole = [Sentence(pool.text(i), tokenizer) for i in range(len(pool.sentences))]
        number = {id(sentence): i for i, sentence in enumerate(whole)}
        chosen = summarizer(ObjectDocumentModel([Paragraph(whole)]), count)
        return sorted(number[id(sentence)] for sentence in chosen)

    return choose


def measure(pool: Pool, chosen: Sequence[int], rarity: Mapping[str, float]) -> dict[str, float]:
    """The measures of one summary."""
    whole = Counter(stem for stems in pool.stems for stem in stems)
    part = Counter(stem for i in chosen for stem in pool.stems[i])
    weight = {stem: count * rarity[stem] for stem, count in whole.items()}
    spans = [pool.sentences[i] for i in chosen]
    texts = [pool.text(i) for i in chosen]
    return {
        "divergence": divergence(part, whole),
        "content": sum(weight[stem] for stem in part) / max(sum(weight.values()), 1e-9),
        "asked": _mean(
            [float(any(s.overlaps(a) for s in spans for a in gold)) for gold in pool.answers]
        ),
        "redundancy": _mean(
            [
                max((rouge_l(pool.stems[i], pool.stems[j]) for j in chosen if j != i), default=0.0)
                for i in chosen
            ]
        ),
        "dangling": _mean([float(dangles(text)) for text in texts]),
        "words": _mean([float(len(text.split())) for text in texts]),
    }


def divergence(part: Mapping[str, int], whole: Mapping[str, int]) -> float:
    """Jensen-Shannon divergence of two word distributions, from 0 (alike) to 1."""
    sizes = sum(part.values()), sum(whole.values())
    if not all(sizes):
        return 1.0
    total = 0.0
    for stem in {*part, *whole}:
        shares = part.get(stem, 0) / sizes[0], whole.get(stem, 0) / sizes[1]
        middle = sum(shares) / 2
        total += sum(share * math.log2(share / middle) for share in shares if share) / 2
    return total


def rouge_l(one: Sequence[str], other: Sequence[str]) -> float:
    """F1 of the longest common subsequence (Lin 2004)."""
    if not one or not other:
        return 0.0
    row = [0] * (len(other) + 1)
    for stem in one:
        before = 0
        for place, against in enumerate(other, start=1):
            above = row[place]
            row[place] = before + 1 if stem == against else max(above, row[place - 1])
            before = above
    return 2 * row[-1] / (len(one) + len(other))


def dangles(text: str) -> bool:
    """Whether an English sentence leans on another, or is not a whole one."""
    return (
        len(text.split()) < _LEAST_WORDS
        or _WHOLE.fullmatch(text) is None
        or _OPENS_ON_ANOTHER.match(text) is not None
        or text.count('"') % 2 == 1
        or any(text.count(left) != text.count(right) for left, right in ("“”", "()", "[]"))
    )


def compare(
    questions: QuestionSet, methods: Mapping[str, Chooser], count: int
) -> dict[str, dict[str, float]]:
    """Each method's measures over the set, and the seconds it took."""
    found = list(pools(questions))
    paragraphs = Counter(
        stem
        for pool in found
        for passage in passages(pool.article)
        for stem in set(words(passage.span.of(pool.article.text), ENGLISH))
    )
    size = sum(len(passages(pool.article)) for pool in found)
    stems = {stem for pool in found for part in pool.stems for stem in part}
    rarity = {stem: math.log((size + 1) / (paragraphs[stem] + 0.5)) for stem in stems}
    table: dict[str, dict[str, float]] = {}
    for name, choose in methods.items():
        start = time.perf_counter()
        choices = [choose(pool, count) for pool in found]
        took = time.perf_counter() - start
        rows = [
            measure(pool, chosen, rarity)
            for pool, chosen in zip(found, choices, strict=True)
            if chosen
        ]
        table[name] = {
            measured: (_mean if measured in _MEANS else statistics.median)(
                [row[measured] for row in rows]
            )
            for measured in MEASURES
        } | {"sentences": float(sum(map(len, choices))), "seconds": took}
    return table


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else 0.0


def _show(name: str, table: Mapping[str, Mapping[str, float]]) -> None:
    shown = Table(title=name)
    shown.add_column("")
    columns = list(next(iter(table.values())))
    for column in columns:
        shown.add_column(column, justify="right")
    for method, row in table.items():
        figures = [
            f"{row[c]:.{ {'words': 1, 'seconds': 1, 'sentences': 0}.get(c, 3) }f}" for c in columns
        ]
        shown.add_row(method, *figures)
    Console().print(shown)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--sentences", "count", default=3, show_default=True, help="How many an article.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    default=Path.home() / ".cache" / "footnote-benchmarks",
    show_default=True,
    help="Where the sets' indexes are kept.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of tables.")
def main(files: tuple[Path, ...], count: int, data_dir: Path, as_json: bool) -> None:
    """Compare summaries of the articles in SQuAD-format FILES."""
    try:
        others = {name: sumy(name) for name in ("LexRank", "TextRank")}
    except ImportError:
        click.echo(
            "Without sumy (pip install -e '.[benchmarks]'): Footnote and lead only.", err=True
        )
        others = {}
    encoder = SentenceTransformerEncoder()
    results: dict[str, Any] = {}
    for file in files:
        questions = read_squad(file)
        index = EvaluationIndex(questions, encoder, data_dir)
        methods = {"Footnote": footnote(index.whole), f"lead-{count}": lead, **others}
        results[file.stem] = compare(questions, methods, count)
        if not as_json:
            _show(f"{file.stem}: {len(questions.articles)} articles", results[file.stem])
    if as_json:
        json.dump(results, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
