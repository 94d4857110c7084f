"""The panel of ``/setup``: everything that a server's managers can choose, a section at a time.

What is chosen is kept at once. Nothing waits in memory: each menu and button knows from its custom
id what it is of, and whether the person may is asked each time.
"""

from bot.views.setup.items import (
    AnswerMenu,
    ChannelMenu,
    LimitsButton,
    MemberMenu,
    RoleMenu,
    SectionMenu,
    Switch,
)
from bot.views.setup.panel import setup_panel, situation_of

SETUP_ITEMS = (AnswerMenu, ChannelMenu, LimitsButton, MemberMenu, RoleMenu, SectionMenu, Switch)

__all__ = ["SETUP_ITEMS", "setup_panel", "situation_of"]
