"""How fast Footnote is, as ratios measured in one run: see ``table``, which runs all of them."""

import os

# As the command line does, before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
