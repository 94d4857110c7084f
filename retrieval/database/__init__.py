"""What is kept between runs: articles, where they come from, and what was computed of them."""

from retrieval.database.collections import (
    CollectionStore,
    collection_names,
    next_checks,
    passage_hashes,
    served,
)
from retrieval.database.connection import SQLiteDatabase
from retrieval.database.encodings import EncodingStore
from retrieval.database.protocol import DamageError, Database, FolderError

__all__ = [
    "CollectionStore",
    "DamageError",
    "Database",
    "EncodingStore",
    "FolderError",
    "SQLiteDatabase",
    "collection_names",
    "next_checks",
    "passage_hashes",
    "served",
]
