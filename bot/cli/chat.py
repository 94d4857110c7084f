"""``footnote chat``: the conversation in the terminal."""

from __future__ import annotations

import sys
from collections import deque
from typing import Any, Final

import click

from bot.cli.options import DEFAULT_TOP, Options, common_options, remember
from bot.cli.output import open_corpora
from bot.rendering.terminal import Terminal
from retrieval.answers import Answer
from retrieval.conversation import Turn
from retrieval.corpus import Corpora
from retrieval.errors import FootnoteError

_TURNS: Final = 6
_HELP: Final = """\
Ask a question in your own words; the answer is quoted from the articles.
  /summary [TOPIC]  the sentences that carry the articles, or a topic
  /sources          the articles, and where the last answer came from
  /help             this
  /quit             the end (or Ctrl-D)"""


@click.command("chat")
@common_options
@click.pass_context
def command(ctx: click.Context, /, **common: Any) -> None:
    """Ask and answer in the terminal, or line by line from a pipe."""
    converse(remember(ctx, common))


def converse(options: Options) -> None:
    """Hold the conversation until its input ends."""
    with open_corpora(options) as corpora:
        terminal = Terminal()
        chat = _Chat(corpora, terminal, options.top or DEFAULT_TOP)
        watched = sys.stdin.isatty()
        if watched:
            count = len(corpora.articles())
            terminal.say(f"{count} article(s) at hand. /help says what can be asked.")
        while True:
            line = _read_line(watched)
            if line is None or not chat.answer(line.strip()):
                return


def _read_line(watched: bool) -> str | None:
    """The next line a person typed; ``None`` at the end of input."""
    if watched:
        import readline  # noqa: F401  # input() then edits the line and remembers earlier ones

        try:
            return input("› ")
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return None
    line = sys.stdin.buffer.readline()
    return line.decode("utf-8", "replace") if line else None


class _Chat:
    """One conversation: what was said, and what each line does."""

    def __init__(self, corpora: Corpora, terminal: Terminal, top: int) -> None:
        self._corpora = corpora
        self._terminal = terminal
        self._top = top
        self._turns: deque[Turn] = deque(maxlen=_TURNS)
        self._last: Answer | None = None

    def answer(self, line: str) -> bool:
        """Do what a line says; false when it ends the conversation."""
        command, rest = (*line.split(maxsplit=1), "", "")[:2]
        try:
            match command:
                case "":
                    pass
                case "/quit" | "/exit" | "/q":
                    return False
                case "/help" | "/?":
                    self._terminal.say(_HELP)
                case "/summary":
                    self._terminal.show_summary(self._corpora.summarize(topic=rest.strip() or None))
                case "/sources":
                    self._terminal.show_articles(self._corpora.articles().values())
                    if self._last is not None and self._last.quotes:
                        self._terminal.say("The last answer is from:")
                        self._terminal.show_sources(self._last)
                case _ if command.startswith("/"):
                    self._terminal.say(f"There is no command {command}.\n{_HELP}")
                case _:
                    answer = self._corpora.ask(line, history=tuple(self._turns), top=self._top)
                    self._turns.append(Turn.of(answer))
                    self._last = answer
                    self._terminal.show_answer(answer)
        except FootnoteError as error:
            self._terminal.say(str(error))
        return True
