"""Confidence is a probability from a calibration that is kept with its model."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retrieval
from retrieval.answering import Answerer
from retrieval.confidence import Calibration, Evidence, load_calibration
from retrieval.corpus import Corpus
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder

FOLDER = Path(retrieval.__file__).parent / "calibrations"
FINITE = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_calibration_names_its_model_its_sets_and_its_curve(path: Path) -> None:
    calibration = Calibration(**json.loads(path.read_text("utf-8")))
    assert calibration.model.split("@")[0] == path.stem
    assert set(calibration.weights) == {field.name for field in fields(Evidence)}
    assert calibration.fitted_on
    assert calibration.threshold in {line["threshold"] for line in calibration.curve}


def test_the_default_model_has_its_own(encoder: SentenceTransformerEncoder) -> None:
    assert load_calibration(encoder.name).model == encoder.name


@pytest.mark.parametrize("name", ["some/model", "/a/folder@1:2", "..\\..\\x", "unknown"])
def test_a_model_without_one_borrows_the_defaults(name: str) -> None:
    assert load_calibration(name).model.startswith("all-MiniLM-L6-v2@")


@given(st.builds(Evidence, *[FINITE] * len(fields(Evidence))))
def test_confidence_is_always_a_probability(evidence: Evidence) -> None:
    assert 0.0 <= load_calibration("all-MiniLM-L6-v2").confidence(evidence) <= 1.0


def test_a_threshold_of_the_operators_comes_before_the_measured_one(
    encoder: SentenceTransformerEncoder,
) -> None:
    assert Answerer(encoder, 0.9).threshold == 0.9
    assert Answerer(encoder).threshold == load_calibration(encoder.name).threshold


def test_what_the_corpus_never_mentions_is_not_answered_by_what_is_nearest(corpus: Corpus) -> None:
    answer = corpus.ask("How many tanks did Haftar's forces lose?")
    assert not answer.answered
    assert answer.nearest
    assert not answer.quotes
