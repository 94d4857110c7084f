"""What people did, in PostgreSQL, where any number of processes share it.

Nothing here is loaded before ``FOOTNOTE_DATABASE_URL`` names a server.
"""

from bot.store.postgres.conversations import SharedConversations
from bot.store.postgres.limiter import SharedLimiter
from bot.store.postgres.people import PostgresPeople
from bot.store.postgres.registered import SharedRegistrations

__all__ = ["PostgresPeople", "SharedConversations", "SharedLimiter", "SharedRegistrations"]
