"""What stands around quoted words in their article, and what is known of the article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from discord import ui

from bot.languages import t
from bot.rendering.discord.quotes import article_title
from bot.rendering.discord.reply import ANSWER_COLOUR
from bot.rendering.layout import quoted, sources
from bot.rendering.layout.answers import in_container
from bot.rendering.layout.budget import TEXT, fair_shares, room_beside
from bot.rendering.layout.buttons import ItemFactory, rows
from bot.rendering.layout.marks import beside_each_other, small
from bot.rendering.sanitize import isolated, units
from bot.rendering.text_fragment import link_to
from retrieval.answers import Quote
from retrieval.articles import Article, Span
from retrieval.segmentation import paragraphs, sentences

_MOST_QUOTED: Final = 4
_MOST_AROUND: Final = 3


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph to be shown, and whether it has the quoted words."""

    quote: Quote
    is_quoted: bool


def context_layout(
    article: Article, words: Span, *, around: int = 1, buttons: Sequence[ItemFactory] = ()
) -> ui.LayoutView:
    """The paragraphs of quoted words, the words in bold, and those before and after.

    The paragraphs around are shortened first, and left out where there is no room for them.

    Args:
        words: The quoted words, as a stretch of the article's text.
        around: How many paragraphs to show before and after, at most 3.
        buttons: What can be done, below.
    """
    blocks = _blocks(article, words, min(around, _MOST_AROUND))
    details = _details(article, words, blocks)
    heading = "\n".join([f"### {article_title(article)}", *([details] if details else [])])
    items: list[ui.Item[Any]] = [ui.TextDisplay(heading)]
    if not blocks:
        items.append(ui.TextDisplay(t("These words are no longer in the article.")))
    room = room_beside(TEXT, [heading])
    for text in _within(blocks, room):
        items += [ui.Separator(), ui.TextDisplay(text)]
    items += rows(buttons)
    return in_container(items, ANSWER_COLOUR)


def _blocks(article: Article, words: Span, around: int) -> list[_Block]:
    found = paragraphs(article.text)
    own = [place for place, paragraph in enumerate(found) if paragraph.overlaps(words)]
    if not own or words.start >= words.end:
        return []
    own = own[:_MOST_QUOTED]
    shown = range(max(0, own[0] - around), min(len(found), own[-1] + around + 1))
    return [_block(article, place, found[place], words, own) for place in shown]


def _block(
    article: Article, place: int, paragraph: Span, words: Span, own: Sequence[int]
) -> _Block:
    if place in own:
        mark = Span(max(words.start, paragraph.start), min(words.end, paragraph.end))
        near = _near(article.text, paragraph, mark)
        marks: tuple[Span, ...] = (Span(mark.start, min(mark.end, near.end)),)
    elif place < own[0]:
        # Of what precedes, the end is what is near.
        near = _near(article.text, paragraph, Span(paragraph.end, paragraph.end))
        marks = tuple(sentence.span for sentence in sentences(article.text, near)[-1:])
    else:
        near, marks = _near(article.text, paragraph, Span(paragraph.start, paragraph.start)), ()
    return _Block(Quote(article, place + 1, near, 0.0, marks), place in own)


def _near(text: str, paragraph: Span, words: Span) -> Span:
    """The part of a paragraph that could be shown: one may be as long as its article."""
    start, end = words.start - TEXT, words.start + TEXT
    if start > paragraph.start:
        start = next((at + 1 for at in range(start, words.start) if text[at].isspace()), start)
    if end < paragraph.end:
        end = next((at for at in range(end, words.start, -1) if text[at].isspace()), end)
    return Span(max(start, paragraph.start), min(end, paragraph.end))


def _within(blocks: Sequence[_Block], room: int) -> list[str]:
    """The paragraphs as Markdown, together within ``room`` units, the quoted ones first served."""
    texts: dict[int, str] = {}
    for is_quoted in (True, False):
        places = [place for place, block in enumerate(blocks) if block.is_quoted == is_quoted]
        # Each takes at least this much, or it is not shown at all.
        least = quoted.LEAST + max((units(_label(blocks[place])) for place in places), default=0)
        while places and room < least * len(places):
            # The one farthest from the quoted words goes first.
            places.remove(max(places, key=lambda place: (_distance(blocks, place), place)))
        needs = [
            quoted.needed(blocks[place].quote) + units(_label(blocks[place])) for place in places
        ]
        for place, share in zip(places, fair_shares(needs, room), strict=True):
            texts[place] = _text(blocks[place], share - 1)
        room -= sum(units(texts[place]) + 1 for place in places)
    return [text for _, text in sorted(texts.items())]


def _distance(blocks: Sequence[_Block], place: int) -> int:
    return min(abs(place - other) for other, block in enumerate(blocks) if block.is_quoted)


def _text(block: _Block, share: int) -> str:
    label = _label(block)
    return label + quoted.quoted(block.quote, share - units(label), bold=block.is_quoted)


def _label(block: _Block) -> str:
    place = sources.page_and_paragraph(block.quote.page, block.quote.paragraph)
    return small(beside_each_other(place)) + "\n"


def _details(article: Article, words: Span, blocks: Sequence[_Block]) -> str:
    facts = sources.details(article)
    numbers = [block.quote.paragraph for block in blocks]
    if numbers:
        first, last = numbers[0], numbers[-1]
        shown = t("paragraphs {first} to {last}", first=first, last=last)
        facts.append(
            isolated(shown if last > first else t("paragraph {paragraph}", paragraph=last))
        )
    link = link_to(article, words)
    if link is not None:
        facts.append(sources.masked(link))
    return small(beside_each_other(facts)) if facts else ""
