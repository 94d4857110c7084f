"""What the two processes say to each other: framed JSON, and a document's bytes as they are.

A frame is its length in 8 bytes, most significant first, and as many bytes. JSON is UTF-8 with
lone surrogates encoded like other characters, so that every text arrives as it was. (Escaped by
``\\u``, two of them side by side would arrive as one character.)

To the child: the limits, once; then for each document its header and its content.
From the child: a word when it is ready; then for each document its articles, one frame each, and
the end, which says what else was found or why nothing was.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Final, TypeVar

from retrieval.articles import Article, Passage, Span
from retrieval.errors import ArticleError
from retrieval.phrases import from_message, to_message
from retrieval.preparation import PreparedArticle, PreparedPassage
from retrieval.readers.documents import Linked

Message = dict[str, Any]
_T = TypeVar("_T")

_LENGTH: Final = struct.Struct(">Q")
_AT_ONCE: Final = 1024 * 1024


class BadMessage(Exception):  # noqa: N818 - it is the message that is bad
    """A frame is cut off, is longer than agreed, or does not hold what it should."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a document held, ready for the index. ``failures`` are the articles left out."""

    articles: tuple[PreparedArticle, ...] = ()
    failures: tuple[ArticleError, ...] = ()
    linked: tuple[Linked, ...] = ()


def send(stream: BinaryIO, content: bytes) -> None:
    """Write one frame."""
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def receive(stream: BinaryIO, most: int | None = None) -> bytes:
    """Read one frame.

    Raises:
        EOFError: The other side has ended.
        BadMessage: It ended within the frame, or announced more than ``most`` bytes.
    """
    head = stream.read(_LENGTH.size)
    if not head:
        raise EOFError
    if len(head) < _LENGTH.size:
        raise BadMessage
    (length,) = _LENGTH.unpack(head)
    if most is not None and length > most:
        raise BadMessage
    content = bytearray()
    # Not at once: memory is taken for what has arrived, not for what was announced.
    while len(content) < length:
        piece = stream.read(min(_AT_ONCE, length - len(content)))
        if not piece:
            raise BadMessage
        content += piece
    return bytes(content)


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as the content of a frame."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def decode(content: bytes) -> Message:
    """The message in a frame.

    Raises:
        BadMessage: The content is no JSON object.
    """
    try:
        message = json.loads(content.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise BadMessage from error
    return _of(dict, message)


def article_to_message(prepared: PreparedArticle) -> Message:
    """An article and its passages; each word is spelt once and counted by its number."""
    article = prepared.article
    vocabulary: dict[str, int] = {}
    passages = [
        {
            "paragraph": part.passage.paragraph,
            "span": _pair(part.passage.span),
            "heading": _pair(part.passage.heading) if part.passage.heading else None,
            "hash": part.text_hash,
            "words": [vocabulary.setdefault(word, len(vocabulary)) for word in part.words],
            "sentences": [at for span in part.sentences for at in _pair(span)],
        }
        for part in prepared.passages
    ]
    return {
        "article": asdict(article),
        "signature": prepared.signature.hex(),
        "vocabulary": list(vocabulary),
        "passages": passages,
    }


def article_from_message(message: Message) -> PreparedArticle:
    """The article that ``article_to_message`` made the message of.

    Nothing is taken on trust: a process that was taken over by a document could say anything, and
    a span that lies outside of the text would break each answer that quotes it.

    Raises:
        BadMessage: The message is not one of an article.
    """
    fields = _of(dict, message.get("article"))
    article = Article(
        id=_of(str, fields.get("id")),
        title=_of(str, fields.get("title")),
        text=_of(str, fields.get("text")),
        source=_optional(fields.get("source")),
        url=_optional(fields.get("url")),
        author=_optional(fields.get("author")),
        published=_optional(fields.get("published")),
        pages=tuple(_natural(page) for page in _of(list, fields.get("pages"))),
    )
    vocabulary = [_of(str, word) for word in _of(list, message.get("vocabulary"))]
    return PreparedArticle(
        article,
        tuple(
            _passage(article, vocabulary, _of(dict, part))
            for part in _of(list, message.get("passages"))
        ),
        _bytes(message.get("signature")),
    )


def error_to_message(error: ArticleError) -> Message:
    """An error with its name and its three sentences."""
    sentences = {"what": error.what, "why": error.why, "remedy": error.remedy}
    return {"name": error.name} | {part: to_message(said) for part, said in sentences.items()}


def error_from_message(message: object) -> ArticleError:
    """The error that ``error_to_message`` made the message of.

    Raises:
        BadMessage: The message is not one of an error.
    """
    fields = _of(dict, message)
    name = _of(str, fields.get("name"))
    try:
        what, why, remedy = (from_message(fields.get(part)) for part in ("what", "why", "remedy"))
    except ValueError as error:
        raise BadMessage from error
    return ArticleError(name, what, why=why, remedy=remedy)


def linked_from_message(message: object) -> Linked:
    """The ``Linked`` of whose fields the message was made.

    Raises:
        BadMessage: The message is not one of a linked article.
    """
    fields = _of(dict, message)
    return Linked(
        id=_of(str, fields.get("id")),
        url=_of(str, fields.get("url")),
        title=_of(str, fields.get("title")),
        source=_optional(fields.get("source")),
        author=_optional(fields.get("author")),
        published=_optional(fields.get("published")),
        summary=_of(str, fields.get("summary")),
    )


def _passage(article: Article, vocabulary: Sequence[str], message: Message) -> PreparedPassage:
    heading = message.get("heading")
    numbers = _naturals(message.get("words"))
    places = _of(list, message.get("sentences"))
    try:
        words = tuple(vocabulary[number] for number in numbers)
        sentences = tuple(
            _span(article, pair) for pair in zip(places[::2], places[1::2], strict=True)
        )
    except (IndexError, ValueError) as error:
        raise BadMessage from error
    return PreparedPassage(
        passage=Passage(
            article.id,
            _natural(message.get("paragraph")),
            _span(article, _of(list, message.get("span"))),
            _span(article, _of(list, heading)) if heading is not None else None,
        ),
        text_hash=_of(str, message.get("hash")),
        words=words,
        sentences=sentences,
    )


def _span(article: Article, pair: Sequence[object]) -> Span:
    if len(pair) != 2:
        raise BadMessage
    start, end = _natural(pair[0]), _natural(pair[1])
    if not start <= end <= len(article.text):
        raise BadMessage
    return Span(start, end)


def _pair(span: Span) -> list[int]:
    return [span.start, span.end]


def _natural(value: object) -> int:
    number = _of(int, value)
    if number < 0:
        raise BadMessage
    return number


def _naturals(value: object) -> list[int]:
    numbers = _of(list, value)
    # All at once: there is one for each word of a text.
    if not {*map(type, numbers)} <= {int} or min(numbers, default=0) < 0:
        raise BadMessage
    return numbers


def _bytes(value: object) -> bytes:
    try:
        return bytes.fromhex(_of(str, value))
    except ValueError as error:
        raise BadMessage from error


def _optional(value: object) -> str | None:
    return None if value is None else _of(str, value)


def _of(kind: type[_T], value: object) -> _T:
    # bool is an int to Python, and not to anybody else.
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadMessage
    return value
