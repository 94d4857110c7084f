from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.readers import pdf
from retrieval.readers.documents import Document
from retrieval.segmentation import paragraphs
from tests.retrieval.readers.documents_made import (
    Placed,
    damaged,
    make_pdf,
    make_placed_pdf,
    make_protected_pdf,
)

PROSE = (
    "The offensive began in May, when the general led his troops into the city without orders. "
    "It went on through the summer while the government, divided and far away, looked on. "
    "Nobody knows how many left their homes in those months, and few of them have come back."
)
OTHER = (
    "In the second year of the war the harbour was closed to all ships but those of the council. "
    "The price of bread rose to four times what it had been, and the markets stood half empty."
)


def read(content: bytes, limits: Limits | None = None) -> Article:
    reading = pdf.read(Document("a.pdf", content, "pdf"), "the-file", limits or Limits())
    (article,) = reading.articles
    return article


def text_of(*pages: list[str]) -> str:
    return read(make_pdf(pages)).text


def refusal(content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ArticleError) as caught:
        read(content, limits)
    assert caught.value.name == "a.pdf"
    assert "a.pdf" in caught.value.what
    assert caught.value.remedy
    return str(caught.value)


def wrapped(text: str, width: int = 70) -> list[str]:
    return textwrap.wrap(text, width)


def column(text: str, x: float, y: float = 780, width: int = 42) -> list[Placed]:
    return [(line, x, y - 13 * row, 10) for row, line in enumerate(wrapped(text, width))]


def test_the_lines_of_a_paragraph_are_joined_and_paragraphs_stand_apart() -> None:
    assert text_of([*wrapped(PROSE), "", *wrapped(OTHER)]) == f"{PROSE}\n\n{OTHER}"


def test_an_indented_line_begins_a_paragraph_without_a_gap_above_it() -> None:
    first, second = wrapped(PROSE), wrapped(OTHER)
    page = [
        (line, 80 if row in {0, len(first)} else 60, 780 - 13 * row, 10)
        for row, line in enumerate([*first, *second])
    ]
    assert read(make_placed_pdf([page])).text == f"{PROSE}\n\n{OTHER}"


def test_a_short_last_line_ends_a_paragraph_without_a_gap_below_it() -> None:
    ends = f"{PROSE} That is all."
    assert text_of([*wrapped(ends), *wrapped(OTHER)]) == f"{ends}\n\n{OTHER}"


def test_a_heading_stands_apart_by_its_size() -> None:
    lines: list[Placed] = [("The closed harbour", 60, 800, 14), *column(PROSE, 60, 784)]
    assert read(make_placed_pdf([lines])).text == f"The closed harbour\n\n{PROSE}"


def test_the_items_of_a_list_are_lines_of_their_own() -> None:
    assert text_of(
        [
            "It has three parts:",
            "• the harbour,",
            "• the old town with",
            "  its walls,",
            "• the fort.",
        ]
    ) == ("It has three parts:\n• the harbour,\n• the old town with its walls,\n• the fort.")


def test_the_lines_of_a_poem_stay_lines() -> None:
    poem = ["Full fathom five", "thy father lies", "of his bones", "are coral made"]
    assert text_of([*poem, "", *wrapped(PROSE)]).startswith("\n".join(poem) + "\n\n")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["The inter-", "national court."], "The international court."),
        (["A well-", "known court."], "A well-known court."),
        (["The Anglo-", "Saxon court."], "The Anglo-Saxon court."),
        (["From 2010-", "2014 the court sat."], "From 2010-2014 the court sat."),
        (["A state-of-the-", "art court."], "A state-of-the-art court."),
        (["The INTER-", "NATIONAL COURT."], "The INTERNATIONAL COURT."),
        (["An e-", "mail to the court."], "An e-mail to the court."),
    ],
)
def test_a_word_that_a_hyphen_breaks_is_made_whole_and_a_compound_keeps_it(
    lines: list[str], text: str
) -> None:
    assert text_of(lines) == text


def test_how_the_document_writes_a_word_elsewhere_decides_about_its_hyphen() -> None:
    text = text_of(["A long-term plan and a rewritten law.", "", "The long-", "term plan was re-"])
    assert "The long-term plan" in text
    text = text_of(["A selfmade law was made.", "", "The self-", "made law was kept."])
    assert "The selfmade law" in text


def test_columns_are_read_one_after_the_other() -> None:
    page = [*column(PROSE, 60), *column(OTHER, 320)]
    assert read(make_placed_pdf([page])).text == f"{PROSE}\n\n{OTHER}"


def test_columns_that_were_written_row_by_row_are_read_one_after_the_other() -> None:
    page = sorted(column(PROSE, 60) + column(OTHER, 320), key=lambda line: (-line[2], line[1]))
    assert read(make_placed_pdf([page])).text == f"{PROSE}\n\n{OTHER}"


def test_a_paragraph_goes_on_in_the_next_column() -> None:
    lines = wrapped(PROSE, 42)
    placed = [(line, 60.0, 780.0 - 13 * row, 10.0) for row, line in enumerate(lines[:4])]
    placed += [(line, 320.0, 780.0 - 13 * row, 10.0) for row, line in enumerate(lines[4:])]
    assert read(make_placed_pdf([placed])).text == PROSE


def test_a_table_is_read_row_by_row() -> None:
    rows = [("Tripoli", "2014", "12"), ("Benghazi", "2015", "3"), ("Misrata", "2016", "7")]
    placed = [
        (cell, 60.0 + 120 * at, 700.0 - 13 * row, 10.0)
        for row, cells in enumerate(rows * 3)
        for at, cell in enumerate(cells)
    ]
    assert (
        "Tripoli 2014 12\nBenghazi 2015 3\nMisrata 2016 7" in read(make_placed_pdf([placed])).text
    )


def test_ligatures_are_the_letters_that_they_stand_for() -> None:
    # The standard encoding of PDF's own fonts has one for fi, at 174.
    content = make_pdf([["The of\xaece is dif\xaecult to \xaend."]]).replace(
        b"/Encoding /WinAnsiEncoding", b"/Encoding /StandardEncoding"
    )
    assert read(content).text == "The office is difficult to find."


def test_running_heads_and_page_numbers_are_left_out() -> None:
    pages = [
        [
            "Annals of the harbour",
            "",
            *wrapped(f"This is said of the year {2000 + 7 * number * number}. {PROSE}"),
            "",
            f"Page {number} of 9",
        ]
        for number in range(1, 10)
    ]
    text = text_of(*pages)
    assert "Annals" not in text
    assert "Page" not in text
    assert text.count("This is said of the year") == 9


def test_the_heads_of_chapters_are_left_out_on_left_and_right_pages() -> None:
    pages = [
        [
            "Annals of the harbour" if number % 2 else f"Chapter {number // 6}",
            "",
            *wrapped(f"{'abcdefghijkl'[number] * 5} is the name here. {PROSE}"),
        ]
        for number in range(12)
    ]
    text = text_of(*pages)
    assert "Annals" not in text
    assert "Chapter" not in text
    assert text.count("is the name here.") == 12


def test_roman_page_numbers_are_left_out() -> None:
    texts = {"iii": PROSE, "iv": OTHER, "v": "The fort fell in the last week of the year."}
    pages = [[*wrapped(text), "", number] for number, text in texts.items()]
    assert text_of(*pages) == "\n\n".join(texts.values())


def test_a_document_of_repetitions_keeps_its_text() -> None:
    assert text_of(["The same line."], ["The same line."]) == "The same line.\n\nThe same line."
    assert text_of(["This is page 1."], ["This is page 2."]).count("This is page") == 2


def test_a_paragraph_goes_on_over_the_page_break() -> None:
    lines = wrapped(PROSE)
    article = read(make_pdf([["7 July", "", *lines[:2]], [*lines[2:], "", "The end."]]))
    assert article.text == f"7 July\n\n{PROSE}\n\nThe end."
    assert article.text[article.pages[1] :].startswith(lines[2])


def test_a_word_goes_on_over_the_page_break() -> None:
    first = [*wrapped(OTHER)[:2], "and the price that was paid by everybody in the inter-"]
    article = read(make_pdf([first, ["national harbour was high."]]))
    assert "in the international harbour was high." in article.text
    assert article.page_of(article.text.index("high")) == 2


def test_a_finished_paragraph_does_not_go_on_over_the_page_break() -> None:
    assert text_of(wrapped(PROSE), wrapped(OTHER)) == f"{PROSE}\n\n{OTHER}"


def test_each_page_knows_where_it_begins_and_empty_ones_begin_where_the_next_does() -> None:
    article = read(make_pdf([[], ["One."], [], ["Two."], []]))
    assert article.text == "One.\n\nTwo."
    assert article.pages == (0, 0, 6, 6, 10)
    assert article.page_of(article.text.index("Two")) == 4
    assert article.page_of(article.text.index("One")) == 2


def test_a_page_that_is_held_sideways_is_read() -> None:
    page = column(PROSE, 60, 500)
    assert read(make_placed_pdf([page], turned=True)).text == PROSE


def test_the_properties_say_title_author_and_date() -> None:
    content = make_pdf([["Text."]], "Der Häfen Ende", "Ann Öz", "D:20140602235900+02'00'")
    article = read(content)
    assert article == Article(
        id="the-file",
        title="Der Häfen Ende",
        text="Text.",
        author="Ann Öz",
        published="2014-06-02",
        pages=(0,),
    )


@pytest.mark.parametrize(
    "title",
    [None, "", " ", "untitled", "Untitled-1", "Microsoft Word - Report.doc", "report_v2.docx", "–"],
)
def test_a_title_that_nobody_wrote_is_none(title: str | None) -> None:
    assert read(make_pdf([["Text."]], title)).title == "The file"


def test_without_a_title_the_largest_letters_of_the_first_page_give_it() -> None:
    head: list[Placed] = [("The closed", 60, 800, 18), ("harbour", 60, 778, 18)]
    content = make_placed_pdf([[*head, *column(PROSE, 60, 740)], column(OTHER, 60)])
    assert read(content).title == "The closed harbour"
    assert read(make_placed_pdf([column(PROSE, 60), column(OTHER, 60)])).title == "The file"


def test_a_title_that_is_the_running_head_too_stays_in_the_text() -> None:
    head: Placed = ("Annals of the harbour", 60, 800, 8)
    texts = [PROSE, OTHER, "The fort fell in the last week of the year."]
    content = make_placed_pdf(
        [
            [head if number else ("Annals of the harbour", 60, 800, 18), *column(text, 60, 760)]
            for number, text in enumerate(texts)
        ]
    )
    assert read(content).text == "\n\n".join(["Annals of the harbour", *texts])


def test_a_line_made_to_waste_time_does_not() -> None:
    hostile = [". " * 20_000, "." * 40_000, "x" * 40_000 + "-", "a)" * 20_000, '."' * 20_000 + "-"]
    assert read(make_pdf([hostile * 4])).text


@pytest.mark.parametrize("created", ["D:20141302", "D:0000", "yesterday", "", "D:99"])
def test_a_date_that_is_none_is_left_out(created: str) -> None:
    assert read(make_pdf([["Text."]], created=created)).published is None


def test_a_scan_is_refused_with_the_way_to_its_text() -> None:
    message = refusal(make_pdf([[], []]))
    assert "has no text: its pages are pictures" in message
    assert "ocrmypdf" in message


def test_a_password_is_asked_for_in_words() -> None:
    assert "protected by a password" in refusal(make_protected_pdf("The text.", "secret"))


def test_protection_that_opens_without_a_password_is_no_obstacle() -> None:
    assert read(make_protected_pdf("The text.", "")).text == "The text."


@pytest.mark.parametrize(
    "content",
    [b"", b"The text.", b"%PDF-1.7", make_pdf([["The text."]])[:300], make_pdf([]), b"\0" * 5000],
)
def test_what_is_no_pdf_is_refused(content: bytes) -> None:
    assert "cannot be read as a PDF" in refusal(content)


def test_more_pages_than_the_limit_are_refused_with_both_numbers() -> None:
    content = make_pdf([["Text."]] * 4)
    assert "it has 4 pages, at most 3 are read" in refusal(content, Limits(pages=3))
    assert len(read(content, Limits(pages=4)).pages) == 4


def test_far_more_text_than_an_article_may_have_is_not_read_to_its_end() -> None:
    message = refusal(make_pdf([[OTHER]] * 9), Limits(characters=200))
    assert "at most 200 characters are read" in message
    assert "first 3 of 9 pages" in message


def test_where_it_was_fetched_from_is_its_address() -> None:
    document = Document("a.pdf", make_pdf([["Text."]]), "pdf", "https://example.org/a.pdf")
    assert pdf.read(document, "a", Limits()).articles[0].url == "https://example.org/a.pdf"


words = st.text(st.sampled_from("abcdefg hijé.-–()0123\\•"), max_size=60)


@given(st.lists(st.lists(words, max_size=12), min_size=1, max_size=5))
@settings(max_examples=60)
def test_every_page_begins_in_the_text_and_no_letter_is_lost_that_is_not_repeated(
    pages: list[list[str]],
) -> None:
    try:
        article = read(make_pdf(pages))
    except ArticleError:
        assert not any(line.strip() for page in pages for line in page)
        return
    assert len(article.pages) == len(pages)
    assert article.pages[0] == 0
    assert list(article.pages) == sorted(article.pages)
    assert article.pages[-1] <= len(article.text)
    assert article.text == article.text.strip()
    assert all(span.of(article.text) for span in paragraphs(article.text))


SAMPLES = (
    make_pdf([["Head", "", *wrapped(PROSE)], ["Head", "", *wrapped(OTHER)]], "Title", "Ann"),
    make_placed_pdf([column(PROSE, 60) + column(OTHER, 320)]),
    make_protected_pdf("The text.", ""),
)


@given(st.one_of(damaged(SAMPLES), st.binary(max_size=200), st.binary().map(b"%PDF-1.4\n".__add__)))
@settings(max_examples=150)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        article = read(content)
    except ArticleError:
        return
    article.text.encode()
    assert "\0" not in article.text
