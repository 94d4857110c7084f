"""Faults put in on purpose: ends at any moment, full disks, bytes that the disk has changed.

    python -m tests.faults.kill [--runs N] [--seed S]
    python -m tests.faults.full_disk [--runs N] [--seed S]
    python -m tests.faults.byte_flip [--runs N] [--seed S]

Each holds one contract against them: a change of a collection is whole or it never was, and the
next start serves all that was committed, exactly, and to nobody else. They print totals, and exit
with 1 where anything was violated. Small runs of the same code are in the suite.
"""
