"""A loopback Discord: REST and gateway on 127.0.0.1, for a real bot to talk to.

`LoopbackDiscord` is the server and what a test drives; the rest are the things it hands out.
"""

from .errors import LoopbackError, LoopbackTimeoutError, Refusal, Violation
from .faults import Fault, Trouble, Weather
from .interactions import Interaction
from .model import Attachment, Channel, Guild, Member, Message, Role, User
from .server import LoopbackDiscord

__all__ = [
    "Attachment",
    "Channel",
    "Fault",
    "Guild",
    "Interaction",
    "LoopbackDiscord",
    "LoopbackError",
    "LoopbackTimeoutError",
    "Member",
    "Message",
    "Refusal",
    "Role",
    "Trouble",
    "User",
    "Violation",
    "Weather",
]
