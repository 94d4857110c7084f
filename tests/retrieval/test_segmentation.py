from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.articles import Article, Span
from retrieval.languages import ENGLISH, Language
from retrieval.segmentation import (
    PASSAGE_CHARACTERS,
    is_heading,
    paragraphs,
    passages,
    sentences,
)
from tests.strategies import texts

MEGABYTE = 1_000_000
HUGE = {
    "one word": "a" * MEGABYTE,
    "spaces in the middle": "a" + " " * MEGABYTE + "b",
    "line breaks": "\n" * MEGABYTE + "a",
    "carriage returns": "\r" * MEGABYTE + "a",
    "lines of spaces": ("a" + " " * 500 + "\n") * 2000,
    "one Chinese character": "中" * MEGABYTE,
    "accents on one letter": "a" + "\u0301" * MEGABYTE,
    "joined emoji": "👩\u200d" * (MEGABYTE // 4),
    "headings": "# a\n\n" * (MEGABYTE // 50),
    "one heading": "# " + "a " * (MEGABYTE // 2),
    "points": ". " * (MEGABYTE // 10),
    "quotation marks": '"' * (MEGABYTE // 4),
}


def words_of(text: str) -> str:
    return "".join(text.split())


def paragraph_texts(text: str) -> list[str]:
    return [span.of(text) for span in paragraphs(text)]


def sentence_texts(text: str, language: Language = ENGLISH) -> list[str]:
    return [s.span.of(text) for s in sentences(text, Span(0, len(text)), language)]


def passage_texts(text: str) -> list[tuple[int, str, str | None]]:
    return [
        (p.paragraph, p.span.of(text), p.heading.of(text) if p.heading else None)
        for p in passages(Article("a", "A", text))
    ]


def reference_paragraphs(text: str) -> list[str]:
    """The contract of ARCHITECTURE.md, said once more in the simplest way."""
    lines = re.split("\r\n|\r|\n", text.strip())
    if all(line.strip() for line in lines):
        return [line.strip() for line in lines]
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line)
        else:
            blocks.append([])
    return [words_of("".join(block)) for block in blocks if block]


class TestParagraphs:
    def test_blank_lines_separate_them(self) -> None:
        assert paragraph_texts("one\ntwo\n\nthree") == ["one\ntwo", "three"]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_every_kind_of_line_end_counts_alike(self, end: str) -> None:
        text = end.join(["one", "two", "", "three"])
        assert paragraph_texts(text) == [f"one{end}two", "three"]

    def test_a_line_of_spaces_is_blank(self) -> None:
        assert paragraph_texts("one\n \t\ntwo\nthree") == ["one", "two\nthree"]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_lines_are_paragraphs_where_no_line_is_blank(self, end: str) -> None:
        assert paragraph_texts(end.join(["one", "two", "three"])) == ["one", "two", "three"]

    def test_blank_lines_around_the_text_do_not_count(self) -> None:
        assert paragraph_texts("\n\n one\ntwo \n\n\n") == ["one", "two"]

    def test_many_blank_lines_separate_like_one(self) -> None:
        assert paragraph_texts("one\n\n\r\n \n\ntwo") == ["one", "two"]

    @pytest.mark.parametrize("text", ["", " ", "\n\n", "\r\n\t\u2003\x85"])
    def test_white_space_alone_has_none(self, text: str) -> None:
        assert paragraphs(text) == []

    @given(texts)
    def test_they_are_what_the_contract_says(self, text: str) -> None:
        assert [words_of(t) for t in paragraph_texts(text)] == [
            words_of(t) for t in reference_paragraphs(text) if words_of(t)
        ]

    @given(texts)
    def test_they_are_in_order_and_trimmed(self, text: str) -> None:
        spans = paragraphs(text)
        assert all(span.of(text) and span.of(text) == span.of(text).strip() for span in spans)
        assert all(before.end <= after.start for before, after in pairwise(spans))


class TestHeadings:
    @pytest.mark.parametrize(
        "line", ["# Title", "### Deep ###", "#", "Country divided over campaign", "Die Lage 2014"]
    )
    def test_these_name_a_section(self, line: str) -> None:
        assert is_heading(line, Span(0, len(line)))

    @pytest.mark.parametrize(
        "line",
        [
            "He left.",
            "Really?",
            '"Go!"',
            "他走了。",
            "هل هو كذلك؟",
            "- an item",
            "3) an item",
            "> said",
            "two\nlines",
            "***",
            "one two three four five six seven eight nine ten eleven twelve thirteen",
            "x" * 81,
            "# " + "x" * 200,
            "#hashtag and one of the sentences that people write.",
        ],
    )
    def test_these_do_not(self, line: str) -> None:
        assert not is_heading(line, Span(0, len(line)))


class TestPassages:
    def test_a_heading_goes_with_what_follows_up_to_the_next(self) -> None:
        text = "# One\n\nFirst text.\n\nMore of it.\n\nA plain heading\n\nSecond text."
        assert passage_texts(text) == [
            (2, "First text.", "# One"),
            (3, "More of it.", "# One"),
            (5, "Second text.", "A plain heading"),
        ]

    def test_a_heading_in_the_block_of_its_text_is_told_from_it(self) -> None:
        text = "Before it.\n\n# One\n## Two\nThe text."
        assert passage_texts(text)[1] == (2, "The text.", "# One\n## Two")

    def test_headings_below_each_other_go_together(self) -> None:
        text = "# Title\n\n## Section\n\n### Part\nThe text.\n\n## Next\n\nMore."
        assert passage_texts(text) == [
            (3, "The text.", "# Title\n\n## Section\n\n### Part"),
            (5, "More.", "## Next"),
        ]

    def test_lines_of_a_poem_are_text(self) -> None:
        poem = "Roses are red\nViolets are blue\nSugar is sweet\nAnd so are you"
        assert [words for _, words, _ in passage_texts(poem)] == poem.split("\n")

    def test_the_last_line_is_text_even_where_it_looks_like_a_heading(self) -> None:
        assert passage_texts("The text.\n\n# The end")[-1] == (2, "# The end", None)

    def test_headings_without_end_are_text(self) -> None:
        text = "# a heading of some words\n\n" * 100 + "The text."
        found = passage_texts(text)
        assert sum(len(words) for _, words, _ in found) > 2000
        assert all(len(heading or "") <= 400 for *_, heading in found)

    def test_a_long_paragraph_is_cut_at_sentence_ends(self) -> None:
        sentence = "The general left the city at dawn with all of his men. "
        found = passages(Article("a", "A", sentence * 60))
        assert len(found) > 3
        assert {p.paragraph for p in found} == {1}
        assert all(p.span.of(sentence * 60).endswith("his men.") for p in found)

    def test_a_sentence_across_the_parts_that_are_split_at_once_stays_whole(self) -> None:
        sentence = "Between here and there lies a long way that nobody has walked. "
        text = sentence * 400
        assert set(sentence_texts(text)) == {sentence.strip()}

    def test_a_word_longer_than_a_passage_is_cut(self) -> None:
        assert [len(words) for _, words, _ in passage_texts("x" * 2500)] == [1000, 1000, 500]

    def test_a_cut_tears_no_accent_and_no_emoji(self) -> None:
        family = "👩\u200d👩\u200d👧\u200d👦"
        for unit in (family, "e\u0301", "षि"):
            for _, words, _ in passage_texts("x" * 7 + unit * 500):
                assert words.removeprefix("x" * 7).startswith(unit)
                assert words.endswith(unit)

    def test_a_passage_is_never_empty(self) -> None:
        assert passage_texts("# \n\n \n\nText.\n\n\n") == [(2, "Text.", "#")]

    @settings(max_examples=150)
    @given(texts)
    def test_together_they_hold_every_word_but_headings(self, text: str) -> None:
        found = passages(Article("a", "A", text))
        covered = [*(p.span for p in found), *(p.heading for p in found if p.heading)]
        left_out = set(range(len(text))) - {i for span in covered for i in range(*_bounds(span))}
        assert all(text[i].isspace() for i in left_out)

    @settings(max_examples=150)
    @given(texts)
    def test_they_are_short_in_order_and_in_their_paragraphs(self, text: str) -> None:
        blocks = paragraphs(text)
        found = passages(Article("a", "A", text))
        for passage in found:
            block = blocks[passage.paragraph - 1]
            assert block.start <= passage.span.start < passage.span.end <= block.end
            assert len(passage.span) <= PASSAGE_CHARACTERS
            assert passage.heading is None or passage.heading.end <= passage.span.start
        for before, after in pairwise(found):
            assert before.span.end <= after.span.start
            assert before.paragraph <= after.paragraph


class TestSentences:
    @pytest.mark.parametrize(
        "expected",
        [
            ["Gen. Khalifa Haftar spoke.", "Lt. Col. Ali listened."],
            ["Fighting began at 2 a.m. on Monday.", "It ended at 5 p.m. Tuesday."],
            ["The U.S. Army came.", "The U.S. diplomat left."],
            ["They flew to the U.S.", "He stayed."],
            ["It ended at 5 p.m.", "The guests left."],
            ["See Fig. 2 for more.", "It is No. 5 on the list."],
            ["Dr. Smith and Mrs. Jones met in St. Louis.", "They agreed."],
            ["J. K. Rowling wrote it.", "A.B. Smith did not."],
            ["It cost $3.5 million.", "That was in Jan. 2014."],
            ['"Stop!" he said.', '"Why?"'],
            ["(It rained.)", "Then it stopped."],
            ["It is so, i.e. not otherwise.", "Is it?", "Yes!"],
        ],
    )
    def test_an_abbreviation_does_not_end_one(self, expected: list[str]) -> None:
        assert sentence_texts(" ".join(expected)) == expected

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("zh", ["第一句。", "第二句！", "第三句？"]),
            ("ja", ["これは文です。", "次の文です。"]),
            ("ar", ["ذهب إلى البيت.", "هل هو كذلك؟", "نعم!"]),
            ("hi", ["यह एक वाक्य है।", "यह दूसरा है।"]),
            ("ur", ["یہ ایک جملہ ہے۔", "یہ دوسرا ہے۔"]),
            ("de", ["Am 3. Mai kam er z. B. nicht.", "Er blieb."]),
            ("fr", ["M. Dupont est parti.", "Il reviendra."]),
        ],
    )
    def test_each_script_ends_them_in_its_way(self, code: str, expected: list[str]) -> None:
        text = ("" if code in {"zh", "ja"} else " ").join(expected)
        assert sentence_texts(text, Language(code)) == expected

    def test_a_wrapped_line_does_not_end_one(self) -> None:
        text = "The fighting went on\nfor hours. It cost\r\n3.5 million, or\n-- some say -- more."
        assert sentence_texts(text) == [
            "The fighting went on\nfor hours.",
            "It cost\r\n3.5 million, or\n-- some say -- more.",
        ]

    def test_each_list_item_is_one(self) -> None:
        text = "- one thing\n- another\n* a third\n1. first\n2) second"
        assert sentence_texts(text) == text.split("\n")

    @settings(max_examples=150)
    @given(texts, st.sampled_from(["en", "ar", "zh", "ja", "th", "de", "hi", "xx"]))
    def test_they_hold_every_word_in_order(self, text: str, code: str) -> None:
        found = [s.span for s in sentences(text, Span(0, len(text)), Language(code))]
        assert "".join(words_of(span.of(text)) for span in found) == words_of(text)
        assert all(before.end <= after.start for before, after in pairwise(found))
        assert all(span.of(text) == span.of(text).strip() != "" for span in found)

    @given(texts, st.data())
    def test_they_stay_within_the_stretch(self, text: str, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        found = [s.span for s in sentences(text, Span(start, end), ENGLISH)]
        assert all(start <= span.start < span.end <= end for span in found)
        assert "".join(words_of(s.of(text)) for s in found) == words_of(text[start:end])


@pytest.mark.parametrize("shape", HUGE)
def test_a_huge_text_of_one_shape_is_cut_without_loss(shape: str) -> None:
    text = HUGE[shape]
    found = passages(Article("a", "A", text))
    covered = "".join(words_of(p.span.of(text)) for p in found)
    headings = {p.heading for p in found if p.heading}
    assert len(covered) + sum(len(words_of(h.of(text))) for h in headings) == len(words_of(text))


def _bounds(span: Span) -> tuple[int, int]:
    return span.start, span.end
