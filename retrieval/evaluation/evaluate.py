"""A question set asked of its own articles, and measured."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from retrieval.answering import Answerer
from retrieval.answers import Answer
from retrieval.articles import Span
from retrieval.corpus.generation import Generation
from retrieval.encoders import Progress
from retrieval.errors import QuestionError
from retrieval.evaluation.squad import QuestionSet, SquadQuestion

DEPTH: Final = 10
BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one question got.

    Attributes:
        relevant: For each ranked passage, whether it overlaps a gold answer.
        highlighted: Whether a highlight of the first passage overlaps a gold answer.
        held_out: Whether the question's own article had been taken out of the corpus.
    """

    question: SquadQuestion
    answered: bool
    confidence: float
    relevant: tuple[bool, ...]
    highlighted: bool
    sentences: int
    took_ms: Mapping[str, float]
    held_out: bool = False

    @property
    def answerable(self) -> bool:
        """Whether the corpus that was asked holds an answer."""
        return bool(self.question.answers) and not self.held_out


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every outcome and the figures made of them."""

    name: str
    model: str
    articles: int
    passages: int
    outcomes: tuple[Outcome, ...] = field(repr=False)
    metrics: dict[str, float | None]

    def as_json(self) -> dict[str, Any]:
        """The evaluation in the form that ``footnote eval --json`` prints."""
        return {
            "set": self.name,
            "model": self.model,
            "articles": self.articles,
            "passages": self.passages,
            **{
                name: None if value is None else round(value, 4)
                for name, value in self.metrics.items()
            },
        }


def sample(questions: Sequence[SquadQuestion], size: int | None, seed: int) -> list[SquadQuestion]:
    """``size`` of the questions, shuffled from file order with ``random.Random(seed)``."""
    chosen = list(questions)
    if size is not None:
        random.Random(seed).shuffle(chosen)  # noqa: S311  # reproducible, not secret
        chosen = chosen[:size]
    return chosen


def evaluate(
    questions: QuestionSet,
    asked: Sequence[SquadQuestion],
    whole: Generation,
    without: Callable[[str], Generation] | None,
    answerer: Answerer,
    *,
    progress: Progress | None = None,
) -> Evaluation:
    """Ask ``asked`` of the set's articles.

    Args:
        whole: The generation over all of them.
        without: The generation over all but one article, by its id. Where given, each question
            is asked again with its own article taken out.
    """
    total = len(asked) * (2 if without else 1)
    whole.warm()
    outcomes: list[Outcome] = []

    def ask(generation: Generation, question: SquadQuestion, held_out: bool) -> None:
        outcome = _ask(answerer, generation, question, held_out)
        if outcome is not None:
            outcomes.append(outcome)
        if progress is not None:
            progress(len(outcomes), total)

    for question in asked:
        ask(whole, question, False)
    if without is not None and len(questions.articles) > 1:
        for id_ in dict.fromkeys(question.article for question in asked if question.answers):
            rest = without(id_)
            rest.warm()
            for question in asked:
                if question.article == id_ and question.answers:
                    ask(rest, question, True)
    return Evaluation(
        name=questions.name,
        model=whole.model,
        articles=len(whole.articles),
        passages=len(whole.engine),
        outcomes=tuple(outcomes),
        metrics=metrics_of(outcomes),
    )


def _ask(
    answerer: Answerer, generation: Generation, question: SquadQuestion, held_out: bool
) -> Outcome | None:
    try:
        answer = answerer.answer(generation, question.text, top=DEPTH)
    except QuestionError:
        return None  # A set may hold an empty question; there is nothing to measure in it.
    gold = () if held_out else question.answers
    first = next(iter(answer.quotes or answer.nearest), None)
    highlights = first.highlights if first and first.article.id == question.article else ()
    return Outcome(
        question=question,
        answered=answer.answered,
        confidence=answer.confidence,
        relevant=_relevant(answer, question.article, gold),
        highlighted=any(_overlap(span, gold) for span in highlights),
        sentences=len(first.highlights) if first else 0,
        took_ms={
            "encode": answer.took_ms.encode,
            "search": answer.took_ms.search,
            "rerank": answer.took_ms.rerank,
            "total": answer.took_ms.total,
        },
        held_out=held_out,
    )


def _relevant(answer: Answer, article: str, gold: Sequence[Span]) -> tuple[bool, ...]:
    return tuple(
        ranked.passage.article == article and _overlap(ranked.passage.span, gold)
        for ranked in answer.passages
    )


def _overlap(span: Span, gold: Iterable[Span]) -> bool:
    return any(span.overlaps(answer) for answer in gold)


def metrics_of(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """The figures of a set of outcomes; ``None`` where there is nothing to count.

    Ranking by ir-measures (MacAvaney et al. 2022): a question counts at k when one of its first k
    passages overlaps a gold answer, which is trec_eval's Success@k. AUROC by scikit-learn, with
    the confidence as the score: answerable questions against those without an answer.
    """
    there = [outcome for outcome in outcomes if outcome.answerable]
    absent = [outcome for outcome in outcomes if not outcome.answerable]
    figures: dict[str, float | None] = {
        "questions": float(len(there)),
        "unanswerable": float(len(absent)),
        **_ranking(there),
        "highlight_accuracy": _rate(outcome.highlighted for outcome in there),
        "highlight_sentences": _mean([float(outcome.sentences) for outcome in there]),
        "answered_rate": _rate(outcome.answered for outcome in there),
        "answered_right_rate": _rate(
            outcome.relevant[0] for outcome in there if outcome.answered and outcome.relevant
        ),
        "falsely_answered_rate": _rate(outcome.answered for outcome in absent),
        "auroc": _auroc(there, absent),
        "calibration_error": calibration_error(outcomes),
    }
    for stage in ("encode", "search", "rerank", "total"):
        times = sorted(outcome.took_ms[stage] for outcome in outcomes)
        figures[f"{stage}_ms_p50"] = statistics.median(times) if times else None
        figures[f"{stage}_ms_p95"] = times[int(0.95 * (len(times) - 1))] if times else None
    figures["total_over_encode_p50"] = (
        statistics.median(
            outcome.took_ms["total"] / max(outcome.took_ms["encode"], 1e-6) for outcome in outcomes
        )
        if outcomes
        else None
    )
    return figures


def is_right(outcome: Outcome) -> bool:
    """Whether answering with the first passage would have been right."""
    return bool(outcome.relevant and outcome.relevant[0])


def reliability(outcomes: Sequence[Outcome]) -> list[tuple[float, float, int]]:
    """``(mean confidence, share that is right, count)`` for each tenth of the confidence."""
    found = []
    for number in range(BINS):
        low, high = number / BINS, (number + 1) / BINS
        inside = [
            outcome
            for outcome in outcomes
            if low <= outcome.confidence < high or (high == 1.0 and outcome.confidence == 1.0)
        ]
        if inside:
            mean = statistics.fmean(outcome.confidence for outcome in inside)
            found.append((mean, sum(map(is_right, inside)) / len(inside), len(inside)))
    return found


def calibration_error(outcomes: Sequence[Outcome]) -> float | None:
    """How far confidence is from the share that is right (ECE: Naeini et al. 2015)."""
    if not outcomes:
        return None
    return sum(abs(mean - right) * count for mean, right, count in reliability(outcomes)) / len(
        outcomes
    )


def _ranking(there: Sequence[Outcome]) -> dict[str, float | None]:
    import ir_measures
    from ir_measures import RR, Success, nDCG

    names = {
        "recall@1": Success @ 1,
        "recall@3": Success @ 3,
        "recall@5": Success @ 5,
        "recall@10": Success @ 10,
        "mrr@10": RR @ 10,
        "ndcg@10": nDCG @ 10,
    }
    if not there:
        return dict.fromkeys(names)
    run: dict[str, dict[str, float]] = {}
    qrels: dict[str, dict[str, int]] = {}
    for number, outcome in enumerate(there):
        id_ = str(number)
        run[id_] = {str(rank): float(-rank) for rank in range(len(outcome.relevant))}
        qrels[id_] = {str(rank): int(right) for rank, right in enumerate(outcome.relevant)}
        if not any(outcome.relevant):
            qrels[id_]["not found"] = 1
    aggregated = ir_measures.calc_aggregate(list(names.values()), qrels, run)
    return {name: float(aggregated[measure]) for name, measure in names.items()}


def _auroc(there: Sequence[Outcome], absent: Sequence[Outcome]) -> float | None:
    if not there or not absent:
        return None
    from sklearn.metrics import roc_auc_score

    labels = [1] * len(there) + [0] * len(absent)
    return float(roc_auc_score(labels, [outcome.confidence for outcome in (*there, *absent)]))


def _rate(values: Iterable[bool]) -> float | None:
    return _mean([float(value) for value in values])


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None
