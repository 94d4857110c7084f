"""Text of others, made safe to be written to a terminal."""

from __future__ import annotations

import re
import unicodedata


def printable(text: str) -> str:
    """``text`` with each control character but line breaks and tabs as ``�``, one for one.

    An escape sequence in an article could otherwise rewrite the screen or the window's title.
    """
    unified = re.sub(r"\r(?=\n)", " ", text).replace("\r", "\n")
    return "".join(
        "�" if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t" else c for c in unified
    )
