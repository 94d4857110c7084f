"""The parts put together from the settings, for every entry point alike."""

from __future__ import annotations

import hashlib
import os
from importlib import resources
from pathlib import Path
from typing import Final

from bot.settings import Settings
from retrieval.answering import Answerer
from retrieval.corpus import Corpus
from retrieval.encoders import Encoder, multilingual
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.rerankers import CrossEncoderReranker

_SHARED: Final = "shared"


def make_corpus(settings: Settings, folder: Path | None = None) -> Corpus:
    """The corpus that the settings describe, not yet opened.

    Args:
        folder: Articles to use instead of the configured ones, with an index of their own.
    """
    if folder is not None:
        sources: tuple[Path, ...] = (folder,)
        # Named by the folder's path, so that one folder keeps one index.
        name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()
        collection = f"folder-{name[:16]}"
    else:
        sources = settings.articles or (seeds_folder(),)
        collection = _SHARED
    return Corpus(
        sources=sources,
        folder=settings.data_dir / "collections" / collection,
        answerer=make_answerer(settings),
    )


def make_answerer(settings: Settings) -> Answerer:
    """What answers questions, with the models and the threshold of the settings."""
    name = settings.reranker_model
    return Answerer(
        make_encoder(settings.model),
        settings.answer_threshold,
        reranker=CrossEncoderReranker(name) if name else None,
    )


def make_encoder(model: str) -> Encoder:
    """The encoder that the setting MODEL names, not yet loaded."""
    if model == multilingual.NAME:
        return multilingual.MultilingualEncoder()
    return SentenceTransformerEncoder(model)


def seeds_folder() -> Path:
    """The articles that ship with the bot, in a checkout and in an installed wheel alike."""
    with resources.as_file(resources.files("seeds")) as folder:
        return folder
