"""The commands, one module a topic."""

from bot.commands.ask import ask_command
from bot.commands.asking import ask_about_command, find_sources_command
from bot.commands.corpus import CorpusCommands
from bot.commands.help import help_command
from bot.commands.message import add_message_command
from bot.commands.sources import sources_command
from bot.commands.summary import summary_command

__all__ = [
    "CorpusCommands",
    "add_message_command",
    "ask_about_command",
    "ask_command",
    "find_sources_command",
    "help_command",
    "sources_command",
    "summary_command",
]
