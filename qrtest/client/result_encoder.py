"""Results in the format of the service, from a value, a text or a file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult

from qrtest.client import releases
from qrtest.errors import ResultError
from qrtest.service.input_checks import PRIMITIVES

__all__ = ["encoded"]

EXECUTOR_VERSION: Final = "v1.0"
LARGEST_FILE_BYTES: Final = 2**30


def encoded(result: Any, program_id: str) -> str:
    """Return *result* as the text that GET results answers with.

    A text is taken as it is, unless it names a file (it ends in `.json`); a path is read; anything
    else goes through the client's own encoder. None is a small valid result of the program.

    Raises `ResultError` for a file that cannot be read, a value that cannot be encoded, and counts alone,
    which no primitive gives.
    """
    if result is None:
        return _usual(program_id)
    if isinstance(result, os.PathLike):
        return _read(Path(result))
    if isinstance(result, str):
        names_a_file = result.endswith(".json") and "\n" not in result and "{" not in result
        return _read(Path(result)) if names_a_file else result
    if isinstance(result, bytes):
        return _text(result, "result=")
    if program_id in PRIMITIVES and _is_counts(result):
        bits = max(len(key.replace(" ", "")) for key in result)
        data = f"DataBin(meas=BitArray.from_counts(counts, num_bits={bits}))"
        raise ResultError(
            f"result={result!r:.200} are counts, and a job of the {program_id} has a PrimitiveResult: write "
            f"result=PrimitiveResult([SamplerPubResult({data})]) with names from qiskit.primitives."
        )
    try:
        return json.dumps(result, cls=releases.json_encoder())
    except (TypeError, ValueError, RecursionError) as error:
        raise ResultError(
            f"result={result!r:.200} cannot be encoded as the service would: {error}. "
            "Give a PrimitiveResult, the encoded text, or the path of a downloaded result."
        ) from None


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise ResultError(f"The result file {path} is larger than 1 GiB.")
        return _text(path.read_bytes(), f"The result file {path}")
    except OSError as error:
        raise ResultError(
            f"The result file {path} cannot be read: {error.strerror or error}. Give the path of a "
            "file downloaded from the platform, as job-<id>-result.json."
        ) from None


def _text(body: bytes, what: str) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise ResultError(f"{what} is not text in UTF-8: byte {error.start}.") from None


def _is_counts(result: Any) -> bool:
    """Return whether *result* maps bit strings to numbers of shots, and nothing else."""
    return (
        isinstance(result, Mapping)
        and bool(result)
        and all(isinstance(key, str) and key and set(key) <= set("01 ") for key in result)
        and all(type(shots) is int for shots in result.values())
    )


@cache
def _usual(program_id: str) -> str:
    if program_id == "executor":
        known = releases.schema_versions("executor")
        version = EXECUTOR_VERSION if EXECUTOR_VERSION in known else max(known, default="v0.1")
        metadata: dict[str, Any] = {"chunk_timing": []}
        return json.dumps({"schema_version": version, "data": [], "metadata": metadata})
    if program_id.startswith("noise-learner"):
        return '{"data": [], "metadata": {}}'
    return json.dumps(_usual_value(program_id), cls=releases.json_encoder())


def _usual_value(program_id: str) -> Any:
    if program_id == "sampler":
        bits = BitArray(np.array([[0], [3], [3], [0]], dtype=np.uint8), num_bits=2)
        pub: PubResult = SamplerPubResult(DataBin(meas=bits), metadata={"circuit_metadata": {}})
        return PrimitiveResult([pub], metadata={"version": 2})
    if program_id == "estimator":
        data = DataBin(evs=np.array(0.5), stds=np.array(0.01))
        pub = PubResult(data, metadata={"shots": 4096, "target_precision": 0.015625})
        return PrimitiveResult([pub], metadata={"version": 2})
    return {"program_id": program_id}
