"""What a server's managers learn of what is asked there: questions merged by meaning, a chart."""

from bot.insights.chart import draw_chart
from bot.insights.merging import Group, Merger

__all__ = ["Group", "Merger", "draw_chart"]
