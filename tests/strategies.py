"""Texts that a hostile author, or any author, might write."""

from __future__ import annotations

from hypothesis import strategies as st

SNIPPETS = (
    "The battle began.",
    "The battle began.",
    "Gen. Haftar left at 2 a.m. on Monday",
    "# Heading",
    "## Second heading ##",
    "A short line",
    "- item one",
    "1. item two",
    "> quoted",
    "---",
    "第一句。第二句！",
    "これは文です。",
    "ประเทศไทยมีแม่น้ำหลายสาย",
    "هل هو كذلك؟ نعم.",
    "\u202bשלום\u202c עולם",
    "👩‍👩‍👧‍👦 👍🏽 🇱🇾",
    "e\u0301te\u0301",
    "z\u200bw\u200dj\ufeff",
    "x" * 1203,
    "wort " * 260,
    "Satz eins. " * 120,
    "U.S. Army",
    "...",
    '"Go!" he said.',
)
BREAKS = (
    " ",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\r\n\r\n",
    "\r\r",
    "\n \t\n",
    "\t",
    "\u2028",
    "\x85",
    "\f",
)

any_text = st.text(max_size=400)
composed_text = st.lists(
    st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=12)), min_size=1, max_size=12
).flatmap(
    lambda parts: st.lists(st.sampled_from(BREAKS), min_size=len(parts), max_size=len(parts)).map(
        lambda breaks: "".join(p + b for p, b in zip(parts, breaks, strict=True))
    )
)
texts = st.one_of(any_text, composed_text)
"""Any Unicode, and texts composed of what texts are made of."""
