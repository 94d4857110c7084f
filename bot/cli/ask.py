"""``footnote ask``: one answer, or one for each line of a file."""

from __future__ import annotations

from typing import Any, TextIO

import click

from bot.cli.complaint import complain
from bot.cli.options import DEFAULT_TOP, common_options, json_option, remember
from bot.cli.output import open_corpora, print_json
from retrieval.errors import QuestionError


@click.command("ask")
@click.argument("question", required=False)
@click.option(
    "--input",
    "questions",
    type=click.File("r", encoding="utf-8", errors="replace"),
    metavar="FILE",
    help="Ask each line of this file; - is standard input.",
)
@json_option
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    question: str | None,
    questions: TextIO | None,
    as_json: bool,
    **common: Any,
) -> None:
    """Answer QUESTION with quotes from the articles.

    The exit status is 0 whether the articles hold an answer or not.
    """
    if (question is None) == (questions is None):
        raise click.UsageError("Give either a QUESTION or --input FILE.")
    options = remember(ctx, common)
    top = options.top or DEFAULT_TOP
    failed = 0
    with open_corpora(options) as corpora:
        for line in [question] if question is not None else questions or []:
            if questions is not None and not line.strip():
                continue
            try:
                answer = corpora.ask(line, top=top)
            except QuestionError as error:
                if questions is None:
                    raise
                # The other lines are still answered.
                complain(error)
                failed = 1
                continue
            if as_json:
                print_json(answer.as_json())
            else:
                from bot.rendering.terminal import Terminal

                Terminal().show_answer(answer, with_question=questions is not None)
    ctx.exit(failed)
