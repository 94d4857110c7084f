"""Documents read by another process, with an end to the time and the memory that one may take.

A parser is what a hostile document attacks, so none runs in the process that answers. See
``confinement`` for what holds the other process back, and what does not.
"""

from __future__ import annotations

from retrieval.sandbox.messages import Prepared
from retrieval.sandbox.sandbox import Sandbox

__all__ = ["Prepared", "Sandbox"]
