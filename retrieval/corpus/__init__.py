"""Named collections of articles that can be asked, and changed while they are asked."""

from retrieval.corpus.corpora import SHARED, Corpora
from retrieval.corpus.corpus import Corpus
from retrieval.corpus.report import Change, Report
from retrieval.corpus.sources import Addition, Upload, WebAddress
from retrieval.corpus.status import Status
from retrieval.corpus.stocktaking import Asked, Stock

__all__ = [
    "SHARED",
    "Addition",
    "Asked",
    "Change",
    "Corpora",
    "Corpus",
    "Report",
    "Status",
    "Stock",
    "Upload",
    "WebAddress",
]
