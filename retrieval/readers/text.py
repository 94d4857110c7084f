"""Bytes into text: which encoding a file is written in.

Nothing is guessed that the file says itself, and a guess that nothing speaks for is an error: a
quote in the wrong encoding would show words that nobody wrote.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from retrieval.errors import ArticleError
from retrieval.languages import language_of
from retrieval.phrases import phrase

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WHOLE_TO_BROKEN: Final = 4
"""Text with so many whole characters of UTF-8 to each broken one is damaged UTF-8. Other encodings
hardly ever look like it: of the pairs of bytes in GB 18030 a tenth would pass, of Latin-1 fewer."""

_TO_BROKEN_OF_DECLARED: Final = 100
"""Characters to each broken one, in an encoding that the file declares itself."""

_SAMPLE: Final = 64 * 1024
"""Bytes looked at for a guess; lines of ASCII alone say nothing and do not count."""

_MESS: Final = 0.1
"""charset-normalizer's measure of disorder up to which a decoding may be the right one."""

_LETTERS: Final = 24
"""Below so many letters a guess is worth nothing."""

_WESTERN: Final = ("cp1252",)
_CUSTOMARY: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl"), ("iso8859_2", "cp1250")),
    **dict.fromkeys(("be", "bg", "mk", "ru", "sr", "uk"), ("cp1251", "koi8_r", "koi8_u")),
    **dict.fromkeys(("et", "lt", "lv"), ("cp1257",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("cp1256",)),
    "el": ("iso8859_7", "cp1253"),
    "he": ("cp1255",),
    "ja": ("cp932", "euc_jp"),
    "ko": ("cp949",),
    "th": ("cp874",),
    "tr": ("cp1254",),
    "vi": ("cp1258",),
    "zh": ("gb18030", "big5"),
}
"""What a language was written in before UTF-8; the languages not named, in windows-1252. Of two
that do equally well ISO 8859 comes first: it has no letters where windows-125x has some.

Polish in the encoding of Paris is still told to be Polish by most of its letters, and then that
cannot be the encoding: this is what tells the encodings of the Latin script apart.
"""

_ENCODINGS: Final = sorted({*_WESTERN, *(name for names in _CUSTOMARY.values() for name in names)})
_AS_BROWSERS_DO: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "tis-620": "cp874",
}
"""What is declared as the left is written in the right: https://encoding.spec.whatwg.org/#names"""

_RULED_OUT: Final = (
    # Tried before, or known by their byte order mark.
    *("utf-8", "utf-16", "utf-32"),
    # Of Python's own making, or for names and mail.
    *("idna", "punycode", "unicode", "raw-unicode", "undefined", "utf-7", "mbcs", "oem"),
)


def decode(content: bytes, name: str, declared: str | None = None) -> str:
    """The text in ``content``, to the last carriage return; a byte order mark is not text.

    In this order: what a byte order mark says; UTF-8; UTF-8 with a few broken bytes, each of which
    becomes U+FFFD; the ``declared`` encoding; a guess from the text.

    Args:
        name: What the file is called in errors.
        declared: The encoding that the file names itself, such as an HTML page's charset.

    Raises:
        ArticleError: It is not text, or its encoding cannot be told.
    """
    text = _marked(content, name)
    if text is None:
        text = _utf8(content)
    if text is None:
        text = _declared(content, declared)
    if text is None:
        text = _guessed(content, name)
    if "\0" in text:
        raise ArticleError(
            name,
            phrase("{name} is not a text file.", name=name),
            why=phrase("It holds zero bytes, as binary files do."),
            remedy=phrase("Convert it to plain text, in UTF-8."),
        )
    return text


def beginning(content: bytes, size: int = 4096) -> str:
    """About the first ``size`` characters, for telling formats apart: never fails."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[: 4 * size].decode(encoding, "ignore")[:size]
    return content[:size].decode("utf-8", "replace")


def _marked(content: bytes, name: str) -> str | None:
    for mark, encoding in _MARKS[1:]:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError as error:
                raise ArticleError(
                    name,
                    phrase("{name} is damaged, or not a text file.", name=name),
                    why=phrase(
                        "It begins as {encoding} does, and byte {number} is not.",
                        encoding=encoding.upper(),
                        number=error.start,
                    ),
                    remedy=phrase("Save it as UTF-8."),
                ) from error
    return None


def _utf8(content: bytes) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("utf-8-sig", "replace")
    marks = text.count("\ufffd")
    broken = marks - content.count("\ufffd".encode())
    whole = len(text) - len(text.encode("ascii", "ignore")) - marks
    return text if whole >= _WHOLE_TO_BROKEN * broken else None


def _declared(content: bytes, declared: str | None) -> str | None:
    try:
        encoding = codecs.lookup((declared or "").strip()).name
        if encoding.startswith(_RULED_OUT):
            return None
        text = content.decode(_AS_BROWSERS_DO.get(encoding, encoding), "replace")
    except (LookupError, ValueError):  # Unknown, or no encoding of text.
        return None
    return text if text.count("\ufffd") * _TO_BROKEN_OF_DECLARED <= len(text) else None


def _guessed(content: bytes, name: str) -> str:
    refusal = ArticleError(
        name,
        phrase("{name} is not UTF-8 text.", name=name),
        why=phrase("Which encoding it is written in cannot be told."),
        remedy=phrase("Save it as UTF-8."),
    )
    if b"\0" in content:
        return "\0"  # No encoding without a mark has those: said in one place, in ``decode``.
    found = _best(_sample(content))
    if found is None:
        raise refusal
    try:
        return content.decode(found)
    except UnicodeDecodeError as error:
        raise refusal from error


def _sample(content: bytes) -> bytes:
    if len(content) <= _SAMPLE:
        return content
    sample: list[bytes] = []
    size = 0
    for line in content.splitlines(keepends=True):
        if size >= _SAMPLE:
            break
        if not line.isascii():
            sample.append(line)
            size += len(line)
    return b"".join(sample)


def _best(sample: bytes) -> str | None:
    """The encoding in which the sample is a text of a language that was written in it."""
    from charset_normalizer import from_bytes

    likely: list[tuple[str, str, CharsetMatch]] = []
    for match in from_bytes(sample, cp_isolation=_ENCODINGS):
        text = str(match)
        if match.chaos > _MESS or sum(map(str.isalpha, text)) < _LETTERS:
            continue
        language = language_of(text).code
        own = _first(_CUSTOMARY.get(language, _WESTERN), match.could_be_from_charset)
        if own is not None:
            likely.append((language, own, match))
    if not likely:
        return None
    # They come best first. Encodings of one language differ in what they make of its letters: in
    # the wrong one some are signs.
    language = likely[0][0]
    order = _CUSTOMARY.get(language, _WESTERN)
    letters = {
        own: sum(map(str.isalpha, str(match)))
        for candidate, own, match in likely
        if candidate == language
    }
    return max(letters, key=lambda own: (letters[own], -order.index(own)))


def _first(names: Collection[str], among: Collection[str]) -> str | None:
    return next((name for name in names if name in among), None)
