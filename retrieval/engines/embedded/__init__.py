"""The engine inside the process."""

from retrieval.engines.embedded.engine import CHECKED_ON_READING, EmbeddedEngine

__all__ = ["CHECKED_ON_READING", "EmbeddedEngine"]
