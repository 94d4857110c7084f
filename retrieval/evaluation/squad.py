"""Question sets in the form of SQuAD 1.1 and 2.0 (Rajpurkar et al. 2016, 2018)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from retrieval.articles import Article, Span
from retrieval.errors import CorpusError
from retrieval.readers import slug

_BETWEEN: Final = "\n\n"


@dataclass(frozen=True, slots=True)
class SquadQuestion:
    """A question about one article. ``answers`` is empty where the article holds none."""

    id: str
    text: str
    article: str
    answers: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Articles and the questions about them, in the file's order."""

    name: str
    articles: dict[str, Article]
    questions: tuple[SquadQuestion, ...]


def read_squad(path: Path, articles_from: Path | None = None) -> QuestionSet:
    """The question set in ``path``.

    An article's text is its contexts with a blank line between them.

    Args:
        articles_from: A file with the same questions over articles in another language. Its
            articles and answers are used, with the questions of ``path``, matched by id.

    Raises:
        CorpusError: The file cannot be read or is not in SQuAD's form.
    """
    own = _read(path)
    if articles_from is None:
        return own
    other = _read(articles_from)
    answers = {question.id: question for question in other.questions}
    questions = tuple(
        SquadQuestion(question.id, question.text, answers[question.id].article, found.answers)
        for question in own.questions
        if (found := answers.get(question.id)) is not None
    )
    return QuestionSet(f"{own.name} over {other.name}", other.articles, questions)


def _read(path: Path) -> QuestionSet:
    try:
        data = json.loads(path.read_text("utf-8"))["data"]
        return _question_set(path.stem, data)
    except OSError as error:
        raise CorpusError(
            f"The question set {path} cannot be read.",
            why=f"The system says: {error.strerror}.",
            remedy="Check the path.",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorpusError(
            f"The question set {path} is not in SQuAD's form.",
            why=f"It fails at: {error!r}.",
            remedy="It must hold data > paragraphs > context and qas, as SQuAD 1.1 or 2.0 does.",
        ) from error


def _question_set(name: str, data: list[dict[str, Any]]) -> QuestionSet:
    articles: dict[str, Article] = {}
    questions: list[SquadQuestion] = []
    for number, entry in enumerate(data):
        title = str(entry.get("title") or f"Article {number + 1}").replace("_", " ")
        id_ = slug(title)
        if id_ in articles:
            id_ = f"{id_}-{number + 1}"
        text = ""
        for paragraph in entry["paragraphs"]:
            text += _BETWEEN if text else ""
            start = len(text)
            text += paragraph["context"]
            for question in paragraph["qas"]:
                spans = (
                    ()
                    if question.get("is_impossible")
                    else tuple(
                        Span(
                            start + answer["answer_start"],
                            start + answer["answer_start"] + len(answer["text"]),
                        )
                        for answer in question["answers"]
                    )
                )
                questions.append(
                    SquadQuestion(str(question["id"]), question["question"], id_, spans)
                )
        articles[id_] = Article(id=id_, title=title, text=text)
    return QuestionSet(name, articles, tuple(questions))
