"""A token that has the shape of one, for nobody's bot."""

from __future__ import annotations

import base64
from typing import Final

_FIRST: Final = base64.urlsafe_b64encode(b"123456789012345678").decode()
TOKEN: Final = f"{_FIRST}.Nobody.the-signature-that-nobody-may-see"
