from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.duplicates import SIMILAR, Duplicate, find_duplicates, signature
from tests.strategies import texts

WORDS = [f"word{number}" for number in range(5000)]


def article(seed: int, length: int = 500) -> list[str]:
    return random.Random(seed).choices(WORDS, k=length)


def with_changes(words: list[str], changes: int) -> list[str]:
    changed = list(words)
    for place in random.Random(changes).sample(range(len(words)), changes):
        changed[place] = "changed"
    return changed


def similarity(one: str, other: str) -> float:
    """What ``find_duplicates`` would say, also where it says nothing."""
    values = [np.frombuffer(signature(text), "<u2") for text in (one, other)]
    return float((values[0] == values[1]).mean())


def found(new: Mapping[str, str], known: Mapping[str, str]) -> list[tuple[str, str]]:
    duplicates = find_duplicates(
        {name: signature(text) for name, text in new.items()},
        {name: signature(text) for name, text in known.items()},
    )
    return [(duplicate.article, duplicate.of) for duplicate in duplicates]


def strangers(name: str, count: int) -> dict[str, bytes]:
    generator = np.random.default_rng(len(name))
    values = generator.integers(0, 2**16, (count, 256), dtype=np.uint16)
    return {f"{name}{number}": row.tobytes() for number, row in enumerate(values)}


def test_the_same_words_are_a_duplicate_whatever_stands_between_them() -> None:
    one = signature("The battle began.\n\nIt was long; it was hard.")
    other = signature("the BATTLE began — it was long (it was hard)")
    assert find_duplicates({"b": other}, {"a": one}) == [Duplicate("b", "a", 1.0)]


def test_a_corrected_article_is_a_duplicate_and_a_rewritten_one_is_not() -> None:
    words = article(1)
    known = {"a": " ".join(words)}
    assert found({"b": " ".join(with_changes(words, 3))}, known) == [("b", "a")]
    assert found({"b": " ".join(with_changes(words, 40))}, known) == []


def test_an_article_with_another_head_and_foot_is_a_duplicate() -> None:
    text = " ".join(article(1))
    reprint = f"By our own correspondent, 3 June 2014.\n{text}\nAll rights reserved."
    assert found({"b": reprint}, {"a": text}) == [("b", "a")]


def test_a_part_of_an_article_is_none() -> None:
    words = article(1)
    assert found({"b": " ".join(words[:250])}, {"a": " ".join(words)}) == []


@pytest.mark.parametrize("length", range(1, 25))
def test_short_texts_that_differ_in_a_word_are_none(length: int) -> None:
    words = article(length, length)
    for place in {0, length // 2, length - 1}:
        changed = [*words[:place], "changed", *words[place + 1 :]]
        assert found({"b": " ".join(changed)}, {"a": " ".join(words)}) == []


def test_the_same_words_in_another_order_are_none() -> None:
    assert found({"b": "Paris London"}, {"a": "London Paris"}) == []
    assert found({"b": "man bites dog"}, {"a": "dog bites man"}) == []


@pytest.mark.parametrize("script", ["漢字文章新聞記者", "กขคงจฉชซ", "абвгдежз"])
def test_scripts_without_spaces_have_near_duplicates_too(script: str) -> None:
    characters = random.Random(1).choices([a + b for a in script for b in script], k=400)
    changed = [*characters[:200], script[0], *characters[201:]]
    joined = " " if script.startswith("а") else ""
    assert found({"b": joined.join(changed)}, {"a": joined.join(characters)}) == [("b", "a")]


@pytest.mark.parametrize("text", ["", " ", "...", "— † —"])
def test_texts_without_words_are_like_no_other(text: str) -> None:
    assert signature(text) == b""
    assert found({"b": text}, {"a": text}) == []


def test_articles_that_come_together_are_compared_with_each_other() -> None:
    words = article(1)
    new = {"b": " ".join(words), "c": " ".join(with_changes(words, 2)), "d": "Something else."}
    assert found(new, {}) == [("c", "b")]


def test_the_most_similar_is_named() -> None:
    words = article(1)
    known = {f"{n}": " ".join(with_changes(words, n)) for n in (7, 1, 4)}
    assert found({"new": " ".join(words)}, known) == [("new", "1")]


def test_an_article_is_no_duplicate_of_its_former_self() -> None:
    assert found({"a": "The same text."}, {"a": "The same text."}) == []


@given(text=texts)
def test_every_text_has_a_signature_that_is_its_own(text: str) -> None:
    made = signature(text)
    assert len(made) in {0, 512}
    assert signature(text) == made
    duplicates = find_duplicates({"b": made}, {"a": made})
    assert duplicates == ([Duplicate("b", "a", 1.0)] if made else [])


@given(data=st.data(), length=st.integers(3, 400))
def test_the_similarity_is_that_of_the_words_within_its_error(
    data: st.DataObject, length: int
) -> None:
    changes = data.draw(st.integers(0, length))
    one = article(length, length)
    other = with_changes(one, changes)

    def runs(words: list[str]) -> set[tuple[str, ...]]:
        padded = ["", "", *words, "", ""]
        return set(zip(padded, padded[1:], padded[2:], strict=False))

    true = len(runs(one) & runs(other)) / len(runs(one) | runs(other))
    # Six standard errors at the worst, one half.
    assert abs(similarity(" ".join(one), " ".join(other)) - true) < 6 * 0.5 / 256**0.5


@given(seeds=st.lists(st.integers(0, 30), min_size=1, max_size=12), known=st.integers(0, 12))
def test_the_short_way_finds_what_comparing_all_finds(seeds: list[int], known: int) -> None:
    sketches = {
        str(number): signature(" ".join(with_changes(article(seed % 3, 300), seed % 5)))
        for number, seed in enumerate(seeds)
    }
    names = list(sketches)
    old, new = names[:known], names[known:]
    values = {name: np.frombuffer(sketch, "<u2") for name, sketch in sketches.items()}
    expected = {
        name: max(
            (float((values[name] == values[other]).mean()) for other in names[: names.index(name)]),
            default=0.0,
        )
        for name in new
    }
    duplicates = find_duplicates({n: sketches[n] for n in new}, {n: sketches[n] for n in old})
    assert {d.article: d.similarity for d in duplicates} == {
        name: best for name, best in expected.items() if best >= SIMILAR
    }


def test_signatures_are_those_of_other_days_and_machines() -> None:
    text = "The battle began on 16 May 2014. 第一句。 Straße"
    made = signature(text)
    assert hashlib.sha256(made).hexdigest() == (
        "be4680f4527c52315a7b78696b76c59a276be6a82d046acabf56534954783e9e"
    )
    program = f"from retrieval.duplicates import *; print(signature({text!r}).hex())"
    output = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert output.strip() == made.hex()


def test_one_article_is_compared_with_ten_thousand_at_once() -> None:
    known = strangers("known", 10_000)
    new = {"new": known["known77"]}
    start = time.perf_counter()
    assert find_duplicates(new, known) == [Duplicate("new", "known77", 1.0)]
    assert time.perf_counter() - start < 0.5  # 10 ms on an idle machine


def test_ten_thousand_articles_are_compared_with_ten_thousand() -> None:
    known, new = strangers("known", 10_000), strangers("new", 10_000)
    new["new5"] = known["known77"]
    start = time.perf_counter()
    assert find_duplicates(new, known) == [Duplicate("new5", "known77", 1.0)]
    assert time.perf_counter() - start < 5  # 0.1 s on an idle machine


def test_a_crowd_of_versions_of_one_text_does_not_cost_its_square() -> None:
    one = np.random.default_rng(1).integers(0, 2**16, 256, dtype=np.uint16)
    crowd = {}
    for number in range(2000):
        version = one.copy()
        version[number % 256] = number
        crowd[str(number)] = version.tobytes()
    start = time.perf_counter()
    assert len(find_duplicates(crowd, {})) == 1999
    assert time.perf_counter() - start < 10  # 0.5 s on an idle machine


def test_a_book_without_a_space_has_a_signature() -> None:
    start = time.perf_counter()
    assert len(signature("x" * 1_000_000)) == len(signature("漢" * 1_000_000)) == 512
    assert time.perf_counter() - start < 10
