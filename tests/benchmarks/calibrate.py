"""Fit the confidence of a model on question sets, and keep it with the curve it was read off.

    python -m tests.benchmarks.calibrate xquad-en.json covidqa.json --write

Each question is asked under six conditions, each set counting alike:

    whole        every article                                          answered
    held out     every article but its own                              not answered
    some         a random handful of articles with its own              answered
    some, out    the same without its own                               not answered
    own          its own article alone                                  answered
    own, gap     its own article without the passages that answer       not answered

What is learned is whether the first passage overlaps a gold answer. The last condition is the hard
case of a corpus that knows the subject but not the answer; it counts half, because another passage
often answers too. The weights
are those of a logistic regression (C = 1, standardised signs). The threshold is chosen by hand
from the curve that is printed, and given with --threshold.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bot.assembly import make_encoder
from bot.settings import DEFAULT_MODEL, load_settings
from retrieval.answering import Answerer, weigh
from retrieval.confidence import Calibration, Evidence
from retrieval.corpus import generation as generations
from retrieval.corpus.generation import Generation
from retrieval.engines import IndexedPassage
from retrieval.evaluation.index import EvaluationIndex
from retrieval.evaluation.squad import QuestionSet, SquadQuestion, read_squad
from retrieval.questions import language_of_question
from retrieval.search import Query, find, rerank, token_weights

CONDITIONS: Final = {
    "whole": True,
    "held out": False,
    "some": True,
    "some, out": False,
    "own": True,
    "own, gap": False,
}
DOUBTFUL: Final = {"own, gap": 0.5}
"""What an observation counts where its truth is not sure: another passage often answers too."""
HANDFUL: Final = 18
SEED: Final = 20261122
FOLDS: Final = 8
THRESHOLDS: Final = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
SIGNS: Final = [field.name for field in fields(Evidence)]
CALIBRATIONS: Final = Path(__file__).parents[2] / "retrieval" / "calibrations"


@dataclass(frozen=True, slots=True)
class Observation:
    """The evidence for one question under one condition.

    ``right`` says whether the first passage overlaps a gold answer: what confidence estimates.
    """

    set: str
    article: str
    condition: str
    right: bool
    signs: tuple[float, ...]


def main() -> None:
    arguments = _arguments()
    settings = load_settings()
    answerer = Answerer(make_encoder(arguments.model))
    if arguments.observations and arguments.observations.exists():
        stored = json.loads(arguments.observations.read_text("utf-8"))
        observations = [Observation(**one) for one in stored]
    else:
        observations = []
        for path in arguments.files:
            questions = read_squad(path, arguments.articles)
            observations += _observe(questions, answerer, settings.data_dir / "evaluations")
    if arguments.observations:
        arguments.observations.write_text(json.dumps([asdict(one) for one in observations]))
    calibration = fit(observations, answerer.encoder.name, arguments.threshold)
    _report(observations, calibration)
    if arguments.write:
        name = answerer.encoder.name.split("@", 1)[0]
        (CALIBRATIONS / f"{name}.json").write_text(calibration.as_json(), "utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("files", nargs="+", type=Path, help="question sets in SQuAD's form")
    parser.add_argument(
        "--articles", type=Path, help="take articles and answers from this set for every file"
    )
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument(
        "--observations", type=Path, help="a file that keeps what was observed, for another fit"
    )
    parser.add_argument("--write", action="store_true", help="keep the calibration in the project")
    return parser.parse_args()


def _observe(questions: QuestionSet, answerer: Answerer, folder: Path) -> list[Observation]:
    index = EvaluationIndex(questions, answerer.encoder, folder)
    found: list[Observation] = []
    for article in questions.articles:
        asked = [q for q in questions.questions if q.article == article and q.answers]
        if not asked:
            continue
        libraries = _libraries(questions, index, article)
        queries = [
            answerer.understand(
                question.text, language_of_question(question.text, index.whole.languages)
            )
            for question in asked
        ]
        for question, query in zip(asked, queries, strict=True):
            for condition in CONDITIONS:
                library = (
                    _without_answers(questions, index, question)
                    if condition == "own, gap"
                    else libraries.get(condition)
                )
                if library is not None:
                    found.append(_observed(questions.name, question, condition, library, query))
        print(f"{questions.name}: {article}: {len(asked)} questions", flush=True)
    return found


def _libraries(
    questions: QuestionSet, index: EvaluationIndex, article: str
) -> dict[str, Generation]:
    """The corpora that all questions about one article share."""
    others = [id_ for id_ in questions.articles if id_ != article]
    chance = random.Random(f"{SEED} {article}")  # reproducible, not secret
    handful = chance.sample(others, min(len(others), chance.randint(1, HANDFUL)))
    return {
        "whole": index.whole,
        "held out": index.without(article),
        "some": index.only({article, *handful}),
        "some, out": index.only(handful),
        "own": index.only({article}),
    }


def _without_answers(
    questions: QuestionSet, index: EvaluationIndex, question: SquadQuestion
) -> Generation | None:
    def answers(item: IndexedPassage) -> bool:
        return any(item.passage.span.overlaps(span) for span in question.answers)

    kept = [item for item in index.passages_of(question.article) if not answers(item)]
    if not kept:
        return None
    own = {question.article: questions.articles[question.article]}
    return generations.assemble(own, kept, index.whole.model, 0)


def _observed(
    name: str, question: SquadQuestion, condition: str, library: Generation, query: Query
) -> Observation:
    candidates = find(library.engine, query)
    weights = token_weights(library.engine, query)
    hits = rerank(
        library.engine, query, weights, candidates, lambda id_: library.articles[id_].text
    )
    first = hits[0].passage
    right = first.article == question.article and any(
        first.span.overlaps(answer) for answer in question.answers
    )
    signs = tuple(asdict(weigh(library, query, hits, candidates)).values())
    return Observation(name, question.article, condition, right, signs)


def fit(observations: Sequence[Observation], model: str, threshold: float) -> Calibration:
    """The calibration of all observations."""
    weights, intercept = _regression(observations)
    calibration = Calibration(
        model=model,
        weights=dict(zip(SIGNS, np.round(weights, 4).tolist(), strict=True)),
        intercept=round(intercept, 4),
        threshold=threshold,
        fitted_on=sorted({observation.set for observation in observations}),
        curve=[],
    )
    curve = [
        {
            "set": name,
            "threshold": at,
            **{
                condition: round(float((confidences >= at).mean()), 4)
                for condition, confidences in by_condition
            },
        }
        for name in calibration.fitted_on
        for at in sorted({*THRESHOLDS, threshold})
        if (by_condition := list(_by_condition(observations, name, weights, intercept)))
    ]
    return Calibration(**{**asdict(calibration), "curve": curve})


def _regression(observations: Iterable[Observation]) -> tuple[NDArray[np.float64], float]:
    given = list(observations)
    signs = np.array([observation.signs for observation in given])
    truth = np.array([observation.right for observation in given])
    counts = {name: sum(o.set == name for o in given) for name in {o.set for o in given}}
    share = np.array([1000 / counts[one.set] * DOUBTFUL.get(one.condition, 1.0) for one in given])
    mean, deviation = signs.mean(axis=0), signs.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=5000)
    model.fit((signs - mean) / deviation, truth, sample_weight=share)
    weights = model.coef_[0] / deviation
    return weights, float(model.intercept_[0] - (weights * mean).sum())


def _confidences(
    observations: Sequence[Observation], weights: NDArray[np.float64], intercept: float
) -> NDArray[np.float64]:
    signs = np.array([observation.signs for observation in observations])
    found: NDArray[np.float64] = 1 / (1 + np.exp(-(signs @ weights + intercept)))
    return found


def _by_condition(
    observations: Sequence[Observation], name: str, weights: NDArray[np.float64], intercept: float
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for condition in CONDITIONS:
        chosen = [o for o in observations if o.set == name and o.condition == condition]
        if chosen:
            yield condition, _confidences(chosen, weights, intercept)


def _report(observations: Sequence[Observation], calibration: Calibration) -> None:
    print("\nweights", dict(calibration.weights), "intercept", calibration.intercept)
    for line in calibration.curve:
        print("  ".join(f"{key} {value}" for key, value in line.items()))
    articles = sorted({(o.set, o.article) for o in observations})
    fold = {article: number % FOLDS for number, article in enumerate(articles)}
    print("\nAUROC of whole against held out, and of own against own with a gap")
    for name in calibration.fitted_on:
        own = [o for o in observations if o.set == name]
        inside = _regression(observations)
        print(f"{name:12} in sample         ", _aurocs(own, _confidences(own, *inside)))
        crossed = np.zeros(len(own))
        for number in range(FOLDS):
            rest = [o for o in observations if fold[o.set, o.article] != number]
            chosen = [i for i, o in enumerate(own) if fold[o.set, o.article] == number]
            if chosen:
                parts = [own[i] for i in chosen]
                crossed[chosen] = _confidences(parts, *_regression(rest))
        print(f"{name:12} by article        ", _aurocs(own, crossed))
        others = [o for o in observations if o.set != name]
        if others:
            print(
                f"{name:12} fitted on the other",
                _aurocs(own, _confidences(own, *_regression(others))),
            )


def _aurocs(observations: Sequence[Observation], confidences: NDArray[np.float64]) -> str:
    found = []
    for there, absent in (("whole", "held out"), ("own", "own, gap")):
        places = [i for i, o in enumerate(observations) if o.condition in (there, absent)]
        truth = [CONDITIONS[observations[i].condition] for i in places]
        found.append(f"{roc_auc_score(truth, confidences[places]):.4f}")
    return "  ".join(found)


if __name__ == "__main__":
    main()
