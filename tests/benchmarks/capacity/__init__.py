"""What a process, its files and a PostgreSQL hold, and how fast: see ``__main__``."""

import os

# As the command line does, before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
