"""The program of the process that reads documents: one after the other until its input ends."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import BinaryIO, Final

from retrieval import readers
from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.languages import prepare_languages
from retrieval.limits import Limits
from retrieval.phrases import phrase
from retrieval.preparation import prepare
from retrieval.readers.documents import Document, Reading
from retrieval.sandbox.confinement import Allowance, confine
from retrieval.sandbox.messages import (
    Message,
    article_to_message,
    decode,
    encode,
    error_to_message,
    receive,
    send,
)
from retrieval.segmentation import paragraphs

_COLLECTIONS: Final = 5
"""What the operator adds may be larger than what a server's whole collection may hold, but not
without bound."""
_DOCUMENTS: Final = 200
"""After so many another process takes over: libraries leak, and memory comes in fragments."""


def main() -> None:
    """Answer until the input ends, or until another process had better go on."""
    questions, answers = _private_streams()
    limits = Limits(**decode(receive(questions)))
    _warm_up()
    allowance = Allowance(limits.read_seconds, limits.read_bytes)
    confine()
    send(answers, encode({"ready": True}))
    for number in range(1, _DOCUMENTS + 1):
        try:
            header = decode(receive(questions))
            content = receive(questions)
        except EOFError:
            return
        allowance.renew()
        article_id = header.pop("article")
        end, exhausted = _answer(Document(content=content, **header), article_id, limits, answers)
        del content
        if exhausted:
            allowance.lift()
        last = exhausted or allowance.is_worn or number == _DOCUMENTS
        send(answers, encode({**end, "last": last}))
        if last:
            return


def _answer(
    document: Document, article_id: str, limits: Limits, answers: BinaryIO
) -> tuple[Message, bool]:
    """Send the document's articles. Returns the message to end with, and whether memory ran out."""
    try:
        reading = readers.read(document, article_id, limits)
        _check_size(document, reading, limits)
        passages = 0
        for article in reading.articles:
            prepared = prepare(article)
            passages += len(prepared.passages)
            if passages > _COLLECTIONS * limits.passages:
                raise _too_much(
                    document,
                    phrase(
                        "There are more than {count} passages in it.",
                        count=_COLLECTIONS * limits.passages,
                    ),
                )
            send(answers, encode(article_to_message(prepared)))
    except ArticleError as error:
        return {"error": error_to_message(error)}, False
    except MemoryError:
        return {"fault": "memory"}, True
    except RecursionError:
        return {"fault": "nesting"}, False
    except Exception as error:
        # Any library may raise anything over a damaged file; the next file is not to suffer. What
        # it says may hold words of the document, its kind does not.
        return {"fault": "failure", "kind": type(error).__name__[:60]}, False
    return {
        "failures": [error_to_message(failure) for failure in reading.failures],
        "linked": [asdict(linked) for linked in reading.linked],
    }, False


def _check_size(document: Document, reading: Reading, limits: Limits) -> None:
    most = 4 * limits.characters
    if sum(len(article.text) for article in reading.articles) > most:
        raise _too_much(
            document, phrase("There are more than {count} characters in it.", count=most)
        )
    # Far more than can become passages, and counted in a tenth of the time that those take.
    most = 2 * _COLLECTIONS * limits.passages
    if sum(len(paragraphs(article.text)) for article in reading.articles) > most:
        raise _too_much(
            document, phrase("There are more than {count} paragraphs in it.", count=most)
        )


def _too_much(document: Document, why: str) -> ArticleError:
    return ArticleError(
        document.name,
        phrase("{name} is too long.", name=document.name),
        why=why,
        remedy=phrase("Split it into several files."),
    )


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Input and output for messages alone: a library that prints is not to write into them."""
    questions, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    return os.fdopen(questions, "rb"), os.fdopen(answers, "wb")


def _warm_up() -> None:
    """Load what every document needs, before memory is counted and files are refused."""
    prepare_languages()
    prepare(Article("", "", "These words are here to be counted. " * 40))


if __name__ == "__main__":
    main()
