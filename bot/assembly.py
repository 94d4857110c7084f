"""The parts put together from the settings, for every entry point alike."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.logs import announce
from bot.settings import Settings
from retrieval.answering import Answerer
from retrieval.corpus import SHARED, Corpora
from retrieval.corpus.backend import Backend
from retrieval.corpus.embedded_backend import EmbeddedBackend
from retrieval.encoders import Encoder, multilingual
from retrieval.encoders.batching import BatchingEncoder
from retrieval.encoders.prepared import PreparedEncoder
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.rerankers import CrossEncoderReranker

if TYPE_CHECKING:
    from retrieval.postgres.servers import Servers

_SELDOM: Final = 24 * 60
"""Minutes until a page may be asked again where nothing polls it: only reloads do."""


def make_corpora(
    settings: Settings, folder: Path | None = None, servers: Servers | None = None
) -> Corpora:
    """The collections that the settings describe, not yet opened.

    Args:
        folder: Articles to use instead of the configured ones, with a collection of their own.
        servers: As ``make_servers`` gives them, where others use the same.
    """
    if folder is not None:
        sources: tuple[Path | str, ...] = (folder,)
        # Named by the folder's path, so that one folder keeps one collection.
        digest = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()
        name = f"folder-{digest[:16]}"
    else:
        sources = settings.articles or (seeds_folder(),)
        name = SHARED
    return Corpora(
        settings.data_dir,
        make_answerer(settings),
        sources,
        backend=make_backend(settings, servers),
        shared_name=name,
        limits=settings.limits,
        private_hosts=settings.private_hosts,
        poll_every=timedelta(minutes=settings.poll_minutes or _SELDOM),
    )


def make_backend(settings: Settings, servers: Servers | None = None) -> Backend:
    """What the settings keep collections in, not yet opened.

    Args:
        servers: As ``make_servers`` gives them, where others use the same.

    Raises:
        SettingsError: The database's address cannot be used.
    """
    servers = servers or make_servers(settings)
    if servers is None:
        return EmbeddedBackend(settings.data_dir)
    from retrieval.corpus.postgres_backend import PostgresBackend

    return PostgresBackend(servers, settings.data_dir)


def make_servers(settings: Settings) -> Servers | None:
    """The database servers that the settings name, not yet connected to; ``None`` without any.

    Raises:
        SettingsError: An address cannot be used.
    """
    if settings.database_url is None:
        return None
    from retrieval.postgres.servers import Servers

    replicas = [replica.reveal() for replica in settings.replica_urls]
    return Servers(settings.database_url.reveal(), replicas)


def make_answerer(settings: Settings) -> Answerer:
    """What answers questions, with the models and the threshold of the settings."""
    name = settings.reranker_model
    return Answerer(
        make_encoder(settings.model, settings.models_dir or settings.data_dir / "models"),
        settings.answer_threshold,
        reranker=CrossEncoderReranker(name) if name else None,
    )


def make_encoder(model: str, models_dir: Path | None = None) -> Encoder:
    """The encoder that the setting MODEL names, not yet loaded.

    Args:
        models_dir: Where a faster form of the model is kept, which is made at the first use.
            Without it the model runs in the libraries that it was made with.
    """
    if model == multilingual.NAME:
        original: SentenceTransformerEncoder = multilingual.MultilingualEncoder()
        return original if models_dir is None else BatchingEncoder(original)
    original = SentenceTransformerEncoder(model)
    if models_dir is None:
        return original
    return BatchingEncoder(PreparedEncoder(original, models_dir, announce))


def seeds_folder() -> Path:
    """The articles that ship with the bot, in a checkout and in an installed wheel alike."""
    with resources.as_file(resources.files("seeds")) as folder:
        return folder
