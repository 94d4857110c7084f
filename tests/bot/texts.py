"""Articles and quotes for tests, from the harmless to the malicious."""

from __future__ import annotations

from hypothesis import strategies as st

from retrieval.answers import Answer, Quote, Timings
from retrieval.articles import Article, Span
from retrieval.segmentation import paragraphs, sentences

TRAPS = (
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@!123456789012345678>",
    "<@&123456789012345678>",
    "<#123456789012345678>",
    "<:smile:123456789012345678>",
    ":smile:",
    "</ask:123456789012345678>",
    "<t:1700000000:R>",
    "<id:customize>",
    "https://evil.example/path",
    "<https://evil.example>",
    "discord.gg/abc",
    "https://discord.com/invite/abc",
    "[click](https://evil.example)",
    "```\ncode\n```",
    "`code`",
    "||spoiler||",
    "**bold**",
    "*",
    "**",
    "***",
    "_italic_",
    "__under__",
    "~~strike~~",
    "\n# heading",
    "\n-# small",
    "\n- item",
    "\n* item",
    "\n  1. item",
    "\n1.",
    "\n> quote",
    "\n>>> quote",
    "\\",
    "\\\\",
    "\r\n",
    "\n\n",
    "\u2028",
    "\u202eevil\u202c",
    "\u2067",
    "שלום עולם",
    "مرحبا",
    "👩‍👩‍👧‍👦",
    "e\u0301",
    "\x00\x07",
    "\ud800",
    " ",
    "Word. ",
    "Another sentence follows here. ",
)


def hostile_texts(max_pieces: int = 12) -> st.SearchStrategy[str]:
    """Any Unicode, mixed with everything that means something to Discord."""
    pieces = st.one_of(st.sampled_from(TRAPS), st.text(max_size=30))
    return st.lists(pieces, min_size=1, max_size=max_pieces).map("".join)


def article(text: str, **fields: str | None) -> Article:
    defaults: dict[str, str | None] = {"title": "A title", "source": "CNN"}
    return Article(id="an-article", text=text, **{**defaults, **fields})  # type: ignore[arg-type]


def quote(text: str, highlight: str = "", **fields: str | None) -> Quote:
    """A quote of a whole one-paragraph article, ``highlight`` being one of its stretches."""
    marks: tuple[Span, ...] = ()
    if highlight:
        start = text.index(highlight)
        marks = (Span(start, start + len(highlight)),)
    return Quote(article(text, **fields), 1, Span(0, len(text)), 0.9, marks)


def answer(*quotes: Quote, question: str = "What?", follows: str | None = None) -> Answer:
    return Answer(question, True, 0.9, quotes, (), (), Timings(1, 1, 1, 3), follows)


def no_answer(*nearest: Quote, question: str = "What?") -> Answer:
    return Answer(question, False, 0.1, (), nearest, (), Timings(1, 1, 1, 3))


@st.composite
def hostile_quotes(draw: st.DrawFn) -> Quote:
    """A quote as the corpus makes them, but longer and nastier."""
    filler = draw(st.sampled_from(("", "Many words stand in this sentence. " * 60, "x" * 3000)))
    where = draw(st.booleans())
    hostile = draw(hostile_texts()) + "x"
    text = hostile + filler if where else filler + hostile
    field = st.one_of(st.none(), hostile_texts(4), st.sampled_from(("CNN", "y" * 5000)))
    url = st.one_of(
        st.none(),
        hostile_texts(3),
        hostile_texts(3).map("https://example.org/{}".format),
        st.sampled_from(("https://example.org/a(b)", "javascript:alert(1)", "http://[", "ftp://x")),
    )
    made = Article(
        id=draw(hostile_texts(3)),
        title=draw(hostile_texts(6)),
        text=text,
        source=draw(field),
        url=draw(url),
        author=draw(field),
        published=draw(field),
    )
    blocks = paragraphs(text)
    number = draw(st.integers(1, len(blocks)))
    span = blocks[number - 1]
    parts = sentences(text, span)
    highlight = draw(st.sampled_from([part.span for part in parts]))
    return Quote(made, number, span, 0.8, (highlight,))
