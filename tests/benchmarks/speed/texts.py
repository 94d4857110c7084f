"""The passages and the questions that are measured with, from the files that somebody gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice, zip_longest
from pathlib import Path
from typing import Final

from retrieval.articles import Article
from retrieval.evaluation.squad import QuestionSet, read_squad
from retrieval.preparation import prepare
from tests.benchmarks.speed.synthetic import SyntheticPassages

_AN_ARTICLE: Final = 20
"""Passages written into one article."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the passages that hold an answer to it, by their numbers."""

    text: str
    answered_by: frozenset[int]


@dataclass(frozen=True, slots=True)
class Texts:
    """Passages and questions.

    Attributes:
        passages: No two alike; each of one paragraph.
        synthetic: How many of them were made, because the files have too few.
        questions: In turn from each of the files.
    """

    passages: tuple[str, ...]
    synthetic: int
    questions: tuple[Asked, ...]

    def write(self, folder: Path) -> None:
        """The passages as articles, each file with some of them, a blank line between two."""
        write_articles(self.passages, folder)


def read_texts(
    question_sets: Sequence[Path], padding: Sequence[Path] = (), passages: int | None = None
) -> Texts:
    """The passages of the files, as the product cuts them, and the questions about them.

    Args:
        question_sets: Files in SQuAD's form.
        padding: Files of plain text or in SQuAD's form, for their passages alone.
        passages: How many there are to be: made ones fill up, and what is too much is left out,
            with the questions about it. All that there are where not given.
    """
    sets = [read_squad(path) for path in question_sets]
    number: dict[str, int] = {}
    spans = [_number_passages(found.articles.values(), number) for found in sets]
    for path in padding:
        _number_passages(_articles_in(path), number)
    kept = list(number)[:passages]
    missing = (passages or 0) - len(kept)
    if missing > 0:
        made = chain.from_iterable(block.texts() for block in SyntheticPassages(missing).blocks())
        kept += list(islice(made, missing))
    questions = zip_longest(
        *(_questions(found, where, len(kept)) for found, where in zip(sets, spans, strict=True))
    )
    return Texts(
        passages=tuple(kept),
        synthetic=max(0, missing),
        questions=tuple(asked for turn in questions for asked in turn if asked is not None),
    )


def write_articles(passages: Sequence[str], folder: Path) -> None:
    """Passages as articles in a new folder."""
    folder.mkdir(parents=True)
    for start in range(0, len(passages), _AN_ARTICLE):
        text = "\n\n".join(passages[start : start + _AN_ARTICLE])
        (folder / f"{start // _AN_ARTICLE:06}.txt").write_text(text, "utf-8")


def never_asked(questions: Sequence[str]) -> Iterator[str]:
    """The questions again and again, each time in other words, since answers and encodings may be
    kept for those that were asked before.
    """
    yield from questions
    for turn in count(2):
        for question in questions:
            yield f"Once more, {turn}: {question}"


_Where = dict[str, list[tuple[int, int, int]]]
"""For each article the start, end and number of each of its passages."""


def _number_passages(articles: Iterable[Article], number: dict[str, int]) -> _Where:
    found: _Where = {}
    for article in articles:
        places = found.setdefault(article.id, [])
        for prepared in prepare(article).passages:
            span = prepared.passage.span
            text = " ".join(span.of(article.text).split())
            places.append((span.start, span.end, number.setdefault(text, len(number))))
    return found


def _questions(found: QuestionSet, where: _Where, passages: int) -> Iterator[Asked]:
    for question in found.questions:
        right = frozenset(
            number
            for answer in question.answers
            for start, end, number in where[question.article]
            if start < answer.end and answer.start < end and number < passages
        )
        if right:
            yield Asked(question.text, right)


def _articles_in(path: Path) -> Iterator[Article]:
    if path.suffix == ".json":
        yield from read_squad(path).articles.values()
    else:
        yield Article(id=path.stem, title=path.stem, text=path.read_text("utf-8", "replace"))
