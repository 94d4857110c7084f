"""The curves of an evaluation as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retrieval.evaluation.evaluate import Evaluation, Outcome, is_right, reliability


def plot(evaluations: Sequence[Evaluation], path: Path, threshold: float) -> None:
    """Reliability, risk against coverage, and false against true answers, side by side as PNG.

    Risk is the share of wrong answers among those given, coverage the share of all questions that
    are answered, both as the threshold falls (El-Yaniv and Wiener 2010).
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (reliable, risky, trade) = pyplot.subplots(1, 3, figsize=(13.5, 4.2), dpi=120)
    reliable.plot([0, 1], [0, 1], color="0.8", linewidth=1)
    for evaluation in evaluations:
        outcomes = evaluation.outcomes
        bins = reliability(outcomes)
        reliable.plot(
            [mean for mean, _, _ in bins],
            [right for _, right, _ in bins],
            marker="o",
            label=evaluation.name,
        )
        risky.plot(*_risk_coverage(outcomes), label=evaluation.name)
        false, true = _trade(outcomes)
        trade.plot(false, true, label=evaluation.name)
        at = [outcome for outcome in outcomes if outcome.confidence >= threshold]
        trade.plot(
            sum(not o.answerable for o in at) / max(1, sum(not o.answerable for o in outcomes)),
            sum(o.answerable for o in at) / max(1, sum(o.answerable for o in outcomes)),
            marker="o",
            color="black",
        )
    reliable.set(title="Reliability", xlabel="confidence", ylabel="first passage is right")
    risky.set(title="Risk and coverage", xlabel="questions answered", ylabel="answers wrong")
    trade.set(
        title=f"Threshold (dot: {threshold:g})",
        xlabel="answered without an answer there",
        ylabel="answered with one there",
        xlim=(-0.02, 0.5),
    )
    for axes in (reliable, risky, trade):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def _risk_coverage(outcomes: Sequence[Outcome]) -> tuple[list[float], list[float]]:
    coverage, risk, wrong = [], [], 0
    for number, outcome in enumerate(sorted(outcomes, key=lambda o: -o.confidence), start=1):
        wrong += not is_right(outcome)
        coverage.append(number / len(outcomes))
        risk.append(wrong / number)
    return coverage, risk


def _trade(outcomes: Sequence[Outcome]) -> tuple[list[float], list[float]]:
    there = sum(outcome.answerable for outcome in outcomes)
    absent = len(outcomes) - there
    false, true = [0.0], [0.0]
    for outcome in sorted(outcomes, key=lambda o: -o.confidence):
        true.append(true[-1] + (outcome.answerable / there if there else 0))
        false.append(false[-1] + ((not outcome.answerable) / absent if absent else 0))
    return false, true
