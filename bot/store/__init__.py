"""What people did: what they asked, what they thought of the answers, what servers have chosen.

Knows no Discord but its ids.
"""

from bot.store.insights import Day, Insights, Reason
from bot.store.records import Asked, Kept, State, Verdict
from bot.store.server_settings import ServerSettings, Style
from bot.store.store import Store

__all__ = [
    "Asked",
    "Day",
    "Insights",
    "Kept",
    "Reason",
    "ServerSettings",
    "State",
    "Store",
    "Style",
    "Verdict",
]
