"""Half precision becomes single precision without a change of value, by either way."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from retrieval.halves import to_single

EVERY = np.arange(65536, dtype=np.uint16).view(np.float16)


@pytest.mark.parametrize("with_torch", [True, False])
def test_every_number_keeps_its_value(with_torch: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if with_torch:
        import torch  # noqa: F401
    else:
        monkeypatch.delitem(sys.modules, "torch", raising=False)
    single = to_single(EVERY.copy())
    assert single.dtype == np.float32
    assert np.array_equal(single, EVERY.astype(np.float32), equal_nan=True)


def test_what_may_not_be_written_is_converted_too() -> None:
    values = EVERY.copy()
    values.flags.writeable = False
    assert np.array_equal(to_single(values), EVERY.astype(np.float32), equal_nan=True)


def test_single_precision_stays_as_it_is() -> None:
    values = np.ones(3, dtype=np.float32)
    assert to_single(values) is values
