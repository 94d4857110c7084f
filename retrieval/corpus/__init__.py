"""A named collection of articles that can be asked, and changed while it is asked."""

from retrieval.corpus.corpus import Corpus, Status
from retrieval.corpus.report import Change, Report

__all__ = ["Change", "Corpus", "Report", "Status"]
