"""The errors that can reach a person.

FootnoteError            what happened, why, and what to do about it
├── SettingsError        a setting that cannot be used
├── ArticleError         one article that cannot be read; the others go on
│   └── FetchError       a page or feed that cannot be fetched (retrieval.web)
├── CorpusError          no articles, a folder that cannot be read
│   └── UnknownArticleError  an article that is not there
├── ModelError           a model that is missing, damaged or of the wrong kind
├── StorageError         the data directory cannot be written or read
│   └── FolderError      it cannot be written at all (retrieval.database)
└── QuestionError        a question that holds nothing to look for
"""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.phrases import joined


class FootnoteError(Exception):
    """An error fit to be shown to a person.

    Each of its sentences may be a ``phrases.Phrase``, which can be said in another language.

    Args:
        what: What happened, as a sentence.
        why: The cause, as a sentence; empty where there is none to name.
        remedy: What the reader can do next, as a sentence.
    """

    def __init__(self, what: str, *, why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        return joined((self.what, self.why, self.remedy))


class SettingsError(FootnoteError):
    """A setting has a value that cannot be used."""


class ArticleError(FootnoteError):
    """One article cannot be read.

    Args:
        name: The file, as the reader of the message knows it.
    """

    def __init__(self, name: str, what: str, *, why: str = "", remedy: str = "") -> None:
        super().__init__(what, why=why, remedy=remedy)
        self.name = name


class CorpusError(FootnoteError):
    """The corpus has no articles, or not the one that was asked for."""


class UnknownArticleError(CorpusError):
    """There is no article with the id that was given.

    Args:
        near: The ids that are most like it, of which one may be meant.
    """

    def __init__(self, what: str, *, remedy: str = "", near: Sequence[str] = ()) -> None:
        super().__init__(what, remedy=remedy)
        self.near = tuple(near)


class ModelError(FootnoteError):
    """A model is missing, damaged or of the wrong kind."""


class StorageError(FootnoteError):
    """The data directory cannot be written or read."""


class HeldError(StorageError):
    """Another process is changing the same articles."""


class QuestionError(FootnoteError):
    """A question holds nothing that can be looked for."""


class DamagedError(Exception):
    """What is stored is incomplete or was changed; the message says where.

    No person meets it: what is damaged is made again.
    """
