"""What is kept between runs: articles, where they come from, and what was computed of them."""

from retrieval.database.collections import (
    CollectionStore,
    collection_names,
    next_checks,
    passage_hashes,
    served,
)
from retrieval.database.connection import Database, FolderError
from retrieval.database.encodings import EncodingStore

__all__ = [
    "CollectionStore",
    "Database",
    "EncodingStore",
    "FolderError",
    "collection_names",
    "next_checks",
    "passage_hashes",
    "served",
]
