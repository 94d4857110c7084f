"""What is measured is what was asked: right passages, right sentences, right silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli import main
from retrieval.answering import Answerer
from retrieval.articles import Span
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import CorpusError, StorageError
from retrieval.evaluation.evaluate import (
    Evaluation,
    Outcome,
    calibration_error,
    evaluate,
    metrics_of,
    reliability,
    sample,
)
from retrieval.evaluation.index import EvaluationIndex
from retrieval.evaluation.plots import plot
from retrieval.evaluation.squad import SquadQuestion, read_squad

TIMES = {"encode": 1.0, "search": 0.5, "rerank": 0.5, "total": 2.0}


def outcome(
    *, relevant: tuple[bool, ...] = (True,), confidence: float = 0.9, answers: int = 1, **more: bool
) -> Outcome:
    question = SquadQuestion("q", "?", "a", (Span(0, 1),) * answers)
    return Outcome(
        question=question,
        answered=confidence >= 0.5,
        confidence=confidence,
        relevant=relevant,
        highlighted=more.get("highlighted", relevant[:1] == (True,)),
        sentences=1,
        took_ms=TIMES,
        held_out=more.get("held_out", False),
    )


def test_ranking_counts_the_first_right_passage() -> None:
    found = metrics_of(
        [
            outcome(relevant=(True, False)),
            outcome(relevant=(False, True)),
            outcome(relevant=(False, False, False, True)),
            outcome(relevant=(False,) * 10),
        ]
    )
    assert found["recall@1"] == pytest.approx(0.25)
    assert found["recall@3"] == pytest.approx(0.5)
    assert found["recall@5"] == pytest.approx(0.75)
    assert found["recall@10"] == pytest.approx(0.75)
    assert found["mrr@10"] == pytest.approx((1 + 1 / 2 + 1 / 4) / 4)


def test_answering_counts_against_what_is_there() -> None:
    found = metrics_of(
        [
            outcome(confidence=0.9),
            outcome(confidence=0.4),
            outcome(confidence=0.8, answers=0, relevant=()),
            outcome(confidence=0.1, held_out=True, relevant=(False,)),
            outcome(confidence=0.2, held_out=True, relevant=(False,)),
        ]
    )
    assert found["answered_rate"] == pytest.approx(0.5)
    assert found["falsely_answered_rate"] == pytest.approx(1 / 3)
    assert found["auroc"] == pytest.approx(5 / 6)
    assert found["questions"] == 2
    assert found["unanswerable"] == 3
    assert found["total_over_encode_p50"] == pytest.approx(2.0)


def test_nothing_asked_measures_nothing() -> None:
    found = metrics_of([])
    assert found["recall@1"] is None
    assert found["auroc"] is None


def test_a_perfect_calibration_has_no_error() -> None:
    outcomes = [outcome(confidence=0.75, relevant=(right,)) for right in (True, True, True, False)]
    assert calibration_error(outcomes) == pytest.approx(0.0)
    assert reliability(outcomes) == [(0.75, 0.75, 4)]
    sure_and_wrong = [outcome(confidence=1.0, relevant=(False,))]
    assert calibration_error(sure_and_wrong) == pytest.approx(1.0)


def test_a_sample_is_the_same_every_time() -> None:
    questions = [SquadQuestion(str(i), "?", "a", ()) for i in range(50)]
    assert sample(questions, 10, 1) == sample(questions, 10, 1)
    assert sample(questions, 10, 1) != sample(questions, 10, 2)
    assert sample(questions, None, 1) == questions


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two articles, of which a question each can be answered, and one that none answers."""

    def entry(title: str, context: str, question: str, answer: str) -> dict[str, object]:
        answers = [{"text": answer, "answer_start": context.index(answer)}]
        qas = [{"id": title, "question": question, "answers": answers}]
        return {"title": title, "paragraphs": [{"context": context, "qas": qas}]}

    moon = entry("Moon", "The moon is made of rock.", "What is the moon made of?", "rock")
    bridge = entry(
        "Old_Bridge", "The old bridge was closed on Monday.", "When was it closed?", "Monday"
    )
    absent = {"id": "none", "question": "Who won the cup?", "is_impossible": True, "answers": []}
    bridge["paragraphs"][0]["qas"].append(absent)  # type: ignore[index]
    path = tmp_path_factory.mktemp("sets") / "tiny.json"
    path.write_text(json.dumps({"version": "v2.0", "data": [moon, bridge]}))
    return path


@pytest.fixture(scope="module")
def evaluation(
    file: Path, encoder: SentenceTransformerEncoder, tmp_path_factory: pytest.TempPathFactory
) -> Evaluation:
    questions = read_squad(file)
    index = EvaluationIndex(questions, encoder, tmp_path_factory.mktemp("indexes"))
    return evaluate(questions, questions.questions, index.whole, index.without, Answerer(encoder))


def test_squad_articles_become_a_corpus(file: Path) -> None:
    questions = read_squad(file)
    assert list(questions.articles) == ["moon", "old-bridge"]
    assert questions.articles["old-bridge"].title == "Old Bridge"
    for question in questions.questions:
        for span in question.answers:
            assert span.of(questions.articles[question.article].text) in {"rock", "Monday"}
    assert questions.questions[-1].answers == ()


def test_questions_in_one_language_can_be_asked_of_articles_in_another(
    file: Path, tmp_path: Path
) -> None:
    other = json.loads(file.read_text())
    other["data"][0]["paragraphs"][0]["qas"][0]["question"] = "¿De qué está hecha la luna?"
    path = tmp_path / "es.json"
    path.write_text(json.dumps(other))
    found = read_squad(path, file)
    assert found.questions[0].text == "¿De qué está hecha la luna?"
    assert "rock" in found.articles["moon"].text


def test_a_second_run_encodes_nothing(
    file: Path, encoder: SentenceTransformerEncoder, tmp_path: Path
) -> None:
    questions = read_squad(file)
    first = EvaluationIndex(questions, encoder, tmp_path).whole
    second = EvaluationIndex(questions, encoder, tmp_path).whole
    assert (first.encoded, second.encoded) == (2, 0)
    assert second.digest == first.digest
    for row in range(len(first.engine)):
        assert (first.engine.vectors(row) == second.engine.vectors(row)).all()


def test_what_cannot_be_kept_is_said(
    file: Path, encoder: SentenceTransformerEncoder, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StorageError, match="taken"):
        EvaluationIndex(read_squad(file), encoder, tmp_path / "taken" / "evaluations")


def test_every_question_is_asked_and_again_without_its_article(evaluation: Evaluation) -> None:
    assert evaluation.metrics["questions"] == 2
    assert evaluation.metrics["unanswerable"] == 3
    assert evaluation.metrics["recall@1"] == 1.0
    assert evaluation.metrics["auroc"] is not None
    held_out = [outcome for outcome in evaluation.outcomes if outcome.held_out]
    assert not any(any(outcome.relevant) for outcome in held_out)


def test_the_curves_are_a_picture(evaluation: Evaluation, tmp_path: Path) -> None:
    path = tmp_path / "curves.png"
    plot([evaluation], path, 0.5)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_command_prints_the_figures(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", str(file), "--data-dir", str(tmp_path), "--hold-out", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["set"] == "tiny"
    assert found["recall@1"] == 1.0
    assert {"mrr@10", "ndcg@10", "highlight_accuracy", "falsely_answered_rate"} <= set(found)


@pytest.mark.parametrize("content", ["", "[]", '{"data": [{}]}', '{"data": 3}', "\0"])
def test_what_is_not_squad_is_refused_with_its_name(content: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(CorpusError, match=r"broken\.json"):
        read_squad(path)
