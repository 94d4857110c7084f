"""``footnote eval``: how good the answers are on a question set."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.assembly import make_answerer
from bot.cli.options import common_options, json_option, remember
from bot.cli.output import print_json, progress_bar
from retrieval.errors import FootnoteError

if TYPE_CHECKING:
    from retrieval.evaluation.evaluate import Evaluation


@click.command("eval")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--hold-out", is_flag=True, help="Ask each question again with its own article taken out."
)
@click.option("--sample", type=click.IntRange(min=1), help="Ask only so many of the questions.")
@click.option("--seed", type=int, default=20261122, show_default=True, help="Of the sample.")
@click.option(
    "--articles",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take articles and answers from this file, and only the questions from FILE.",
)
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the curves into this PNG.")
@json_option
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    file: Path,
    hold_out: bool,
    sample: int | None,
    seed: int,
    articles: Path | None,
    plot: Path | None,
    as_json: bool,
    **common: Any,
) -> None:
    """Measure on FILE, a question set in the form of SQuAD 1.1 or 2.0."""
    needed = ["ir_measures", "sklearn", *(["matplotlib"] if plot else [])]
    if any(importlib.util.find_spec(name) is None for name in needed):
        raise FootnoteError(
            "The libraries that measure are not installed.",
            remedy="Install them with: pip install 'footnote-bot[eval]'",
        )
    from retrieval.evaluation.evaluate import evaluate
    from retrieval.evaluation.evaluate import sample as sampled
    from retrieval.evaluation.index import EvaluationIndex
    from retrieval.evaluation.squad import read_squad

    settings = remember(ctx, common).settings()
    questions = read_squad(file, articles)
    answerer = make_answerer(settings)
    with progress_bar("Indexing articles") as progress:
        index = EvaluationIndex(
            questions, answerer.encoder, settings.data_dir / "evaluations", progress
        )
    with progress_bar("Asking") as progress:
        evaluation = evaluate(
            questions,
            sampled(questions.questions, sample, seed),
            index.whole,
            index.without if hold_out else None,
            answerer,
            progress=progress,
        )
    if plot is not None:
        from retrieval.evaluation.plots import plot as draw

        draw([evaluation], plot, answerer.threshold)
    if as_json:
        print_json(evaluation.as_json())
    else:
        _print_table(evaluation)


def _print_table(evaluation: Evaluation) -> None:
    click.echo(
        f"{evaluation.name}: {evaluation.articles} articles, {evaluation.passages} passages, "
        f"{evaluation.model}"
    )
    for name, value in evaluation.metrics.items():
        if value is None:
            continue
        if name in {"questions", "unanswerable"}:
            shown = f"{value:.0f}"
        elif name.endswith(("_p50", "_p95", "_sentences", "_error", "auroc")):
            shown = f"{value:.3f}"
        else:
            shown = f"{value:.1%}"
        click.echo(f"  {name:24} {shown:>9}")
