"""The command line: the bot without Discord, for people and for other programs."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

import click

from bot.cli.complaint import complain
from bot.cli.options import common_options, remember
from retrieval.errors import FootnoteError

_COMMANDS: Final = {
    "run": ("bot.cli.run", "Start the Discord bot; without a token, the terminal chat."),
    "chat": ("bot.cli.chat", "Ask and answer in the terminal."),
    "ask": ("bot.cli.ask", "Answer one question, or each line of a file."),
    "summary": ("bot.cli.summary", "The sentences that carry an article or a topic."),
    "eval": ("bot.cli.eval", "Measure the answers on a SQuAD-format question set."),
    "corpus": ("bot.cli.corpus", "List, show, add, remove and reload articles."),
    "doctor": ("bot.cli.doctor", "What is wrong with this installation, and the remedy."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command runs.

    The list of commands is printed from the table above, so that ``--help`` imports nothing else.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="footnote-bot", prog_name="footnote")
@common_options
@click.pass_context
def footnote(ctx: click.Context, /, **options: object) -> None:
    """Answers questions from a corpus of articles by quoting them word for word."""
    remember(ctx, options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0 done, 1 failed, 2 wrong usage."""
    _prepare_streams()
    # numpy reads it when it is imported. What it computes here is small, and threads that share it
    # wait for each other as soon as anybody else wants the processors.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with footnote.make_context("footnote", given) as context:
            footnote.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, EOFError, click.exceptions.Abort):
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except FootnoteError as error:
        complain(error)
        return 1
    except BrokenPipeError:
        # Whoever read the output has had enough of it; a second complaint at exit helps nobody.
        _send_to_nowhere(sys.stdout)
        return 0
    except OSError as error:
        complain(f"The system says: {error}.")
        _send_to_nowhere(sys.stdout)
        return 1
    return 0


def _prepare_streams() -> None:
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # It was closed by whoever started the program.
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # Articles hold any script, and a terminal that cannot show one must not end the program.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def _send_to_nowhere(stream: TextIO) -> None:
    """What is still to be written cannot be; the interpreter would try again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
