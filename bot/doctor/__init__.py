"""What is wrong with this installation, and the remedy. Changes nothing.

A package may be missing when somebody asks: each check imports what it needs when it runs.
"""

from bot.doctor.examination import examine
from bot.doctor.finding import Finding, Severity, worst

__all__ = ["Finding", "Severity", "examine", "worst"]
