"""The README's pictures: payloads become pages that say what Discord shows, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.rendering.blockquote import block_quote
from bot.rendering.layout import Buttons, answer_layout
from bot.rendering.sanitize import shown
from tests.benchmarks.walkthrough.components import component
from tests.benchmarks.walkthrough.markdown import Reader, markdown
from tests.benchmarks.walkthrough.messages import message
from tests.benchmarks.walkthrough.page import page
from tests.bot.discord_markdown import words
from tests.bot.texts import answer, hostile_texts, quote
from tests.loopback.model import EPHEMERAL

NOW = datetime(2026, 5, 16, 12, 0, tzinfo=UTC)
READER = Reader(NOW, {"1": "Footnote", "2": "general"})
ADA = {"id": "3", "username": "ada", "global_name": "Ada"}
BOT = {"id": "1", "username": "Footnote", "global_name": None, "bot": True}


class Words(HTMLParser):
    """Collects what stands between the tags, and checks that these are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "hr", "meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def words_on(html: str) -> str:
    return words("".join(Words(html).found))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a **b** c", '<div class="line">a <strong>b</strong> c</div>'),
        ("*a* __b__ ~~c~~", '<div class="line"><em>a</em> <u>b</u> <s>c</s></div>'),
        (r"\*a\* \# b", '<div class="line">*a* # b</div>'),
        ("`**a**`", '<div class="line"><code>**a**</code></div>'),
        ("```py\na\n**b**\n```", "<pre><code>a\n**b**</code></pre>"),
        ("## a *b*", "<h2>a <em>b</em></h2>"),
        ("-# a **b**", '<div class="subtext">a <strong>b</strong></div>'),
        ("a - b\n#c", '<div class="line">a - b</div><div class="line">#c</div>'),
        ("[a](https://b.c/?d&e)", '<div class="line"><a href="https://b.c/?d&amp;e">a</a></div>'),
        ("[a](<https://b.c>)", '<div class="line"><a href="https://b.c">a</a></div>'),
        ("<@1> <#2>", None),
    ],
)
def test_marks_become_what_discord_makes_of_them(text: str, html: str | None) -> None:
    made = markdown(text, READER)
    if html is None:
        assert words_on(made) == "@Footnote#general"
    else:
        assert made == html


def test_lines_of_a_quote_stand_in_one_block() -> None:
    html = markdown("> a\n> **b**\n> - c\nd", READER)
    assert html.count("<blockquote>") == 1
    assert re.search("<strong>b</strong>.*•.*c.*</blockquote>.*d", html)
    assert "<blockquote>" not in markdown(">a", READER)
    assert markdown("a\n>>> b\nc", READER).endswith(
        '<blockquote><div class="line">b</div><div class="line">c</div></blockquote>'
    )


def test_lists_keep_their_numbers() -> None:
    assert words_on(markdown("3. a\n4. b", READER)) == "3.a4.b"


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (":R", "2 hours ago"),
        (":D", "May 16, 2026"),
        (":t", "10:00"),
        ("", "May 16, 2026 10:00"),
    ],
)
def test_a_timestamp_is_told_in_words(style: str, expected: str) -> None:
    stamp = f"<t:{int(NOW.timestamp()) - 7200}{style}>"
    assert expected in markdown(stamp, READER)


@given(hostile_texts())
def test_no_text_becomes_a_tag(text: str) -> None:
    allowed = {"div", "strong", "em", "u", "s", "a", "code", "pre", "span", "blockquote", "br"}
    tags = set(re.findall("<([a-z][a-z0-9]*)", markdown(text, READER)))
    Words(markdown(text, READER))
    assert tags <= allowed | {"h1", "h2", "h3"}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_quote_reads_as_the_words_of_the_article(text: str) -> None:
    markup = block_quote(text)
    expected = "".join(shown(line.removeprefix("> ")) for line in markup.split("\n"))
    assert words_on(markdown(markup, READER)) == words(expected)


def payload(**more: Any) -> dict[str, Any]:
    return {"author": BOT, "content": "", "embeds": [], "components": [], "flags": 0, **more}


def test_a_message_tells_who_writes_and_what_it_answers() -> None:
    asked = payload(author=ADA, content="<@1> why?")
    assert words_on(message(asked, READER)).endswith("@Footnotewhy?")
    replied = words_on(message(payload(content="So.", referenced_message=asked), READER))
    assert "Ada@Footnotewhy?" in replied
    assert "FootnoteAPP" in replied
    used = payload(content="So.", interaction_metadata={"user": ADA})
    assert "Adaused/ask" in words_on(message(used, READER, command="/ask"))


def test_a_message_for_one_person_says_so() -> None:
    assert "Only you can see this" in message(payload(flags=EPHEMERAL), READER)
    assert "Only you can see this" not in message(payload(), READER)


def test_an_embed_shows_all_its_parts() -> None:
    embed = {
        "author": {"name": "A"},
        "title": "B",
        "description": "> C",
        "fields": [{"name": "D", "value": "E", "inline": True}],
        "footer": {"text": "F"},
        "color": 0x2E8B57,
    }
    html = message(payload(embeds=[embed]), READER)
    assert words_on(html).endswith("ABCDEF")
    assert "#2e8b57" in html


def parts_of_an_answer() -> list[dict[str, Any]]:
    made = answer(quote("The owl is called Minerva."))
    buttons = Buttons(
        context=lambda index: ui.Button(label=f"More context {index}", custom_id=f"c{index}"),
        helpful=lambda: ui.Button(label="Helpful", emoji="👍", custom_id="h"),
    )
    view = answer_layout(made, threshold=0.5, buttons=buttons)
    return list(view.to_components())  # type: ignore[no-untyped-call]


def test_an_answer_in_components_shows_the_quote_with_its_button() -> None:
    html = "".join(component(part, READER) for part in parts_of_an_answer())
    said = words_on(html)
    assert "TheowliscalledMinerva." in said
    assert said.index("Minerva") < said.index("Morecontext0") < said.index("👍Helpful")
    for drawn in ("container", "section", "separator", "accessory", "button"):
        assert f'class="{drawn}' in html


def test_a_select_shows_what_is_chosen_or_what_could_be() -> None:
    select: dict[str, Any] = {"type": 3, "custom_id": "x", "placeholder": "Which?", "options": []}
    assert words_on(component(select, READER)) == "Which?"
    select["options"] = [{"label": "This", "value": "1", "default": True}]
    assert words_on(component(select, READER)) == "This"


def test_an_unknown_component_is_not_left_out_silently() -> None:
    with pytest.raises(ValueError, match="type 99"):
        component({"type": 99}, READER)


def test_a_page_loads_nothing() -> None:
    html = page([message(payload(content="[a](https://b.c)"), READER)])
    assert "default-src 'none'" in html
    assert not re.search(r"<(script|img|link|iframe)|url\(|@import", html)
    Words(html)
