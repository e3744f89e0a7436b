"""Differences between releases of qiskit-ibm-runtime, in one place.

Sources: the tagged sources of the releases from 0.26 on.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, get_args

from qrtest.client import private_names
from qrtest.errors import UnsupportedRelease
from qrtest.patching import Patch, Patches

__all__ = [
    "NEWEST_KNOWN",
    "OLDEST",
    "PLACES",
    "STAND_INS",
    "chains_decoders",
    "channels",
    "client_class",
    "client_parameters",
    "dropped",
    "exchanges_tokens",
    "installed",
    "interim_decoder",
    "job_arguments",
    "json_decoder",
    "json_encoder",
    "layer_error_classes",
    "learner_instructions",
    "makers_of_jobs",
    "ours_to_know",
    "platform_channel",
    "program_result_model",
    "program_tensor_model",
    "quantum_program",
    "result_decoder",
    "schema_versions",
    "stream_cancelled",
    "streams",
    "tensor",
    "version_text",
]

PACKAGE: Final = "qiskit-ibm-runtime"
OLDEST: Final = (0, 26)
NEWEST_KNOWN: Final = (0, 51)

DROPPED: Final = {
    "program_id": (0, 30),
    "stream_results": (0, 32),
    "interim_results": (0, 32),
    "cancel_result_streaming": (0, 38),
    "client_params": (0, 42),
    "user_callback": (0, 42),
}
"""The members of the documented surface that releases dropped, each with the first that lacks it.

From 0.32 to 0.41 the last three exist and do nothing: those releases cannot stream.
"""

PLAINLY_DECODED: Final = ("sampler", "estimator")
"""The programs for whose interim results release 0.29.1 has a decoder of its own."""


PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "RuntimeClient": ("api.client:RuntimeClient", "api.clients.runtime:RuntimeClient"),
    "RuntimeEncoder": ("json:RuntimeEncoder", "utils.json:RuntimeEncoder"),
    "RuntimeDecoder": ("json:RuntimeDecoder", "utils.json:RuntimeDecoder"),
    "ResultDecoder": (
        "decoders.result_decoder:ResultDecoder",
        "utils.result_decoder:ResultDecoder",
    ),
    "DEFAULT_DECODERS": ("decoders.defaults:DEFAULT_DECODERS", "constants:DEFAULT_DECODERS"),
    "WebsocketClientCloseCode": ("api.clients.base_websocket_client:WebsocketClientCloseCode",),
    "ClientParameters": ("api.client_parameters:ClientParameters",),
    "LayerError": ("results.noise_learner:LayerError", "utils.noise_learner_result:LayerError"),
    "PauliLindbladError": (
        "results.noise_learner:PauliLindbladError",
        "utils.noise_learner_result:PauliLindbladError",
    ),
    "executor": (
        "decoders.executor.decoder:AVAILABLE_DECODERS",
        "decoders.quantum_program.decoder:AVAILABLE_DECODERS",
        "quantum_program.result_decoders:AVAILABLE_DECODERS",
        "quantum_program.quantum_program_decoders:AVAILABLE_DECODERS",
    ),
    "noise-learner": (
        "decoders.noise_learner_v3.decoder:AVAILABLE_DECODERS",
        "noise_learner_v3.noise_learner_v3_decoders:AVAILABLE_DECODERS",
    ),
}
"""Where releases have what qrtest imports from the client, as "module:name", the newest place first."""


@lru_cache(maxsize=1)
def installed() -> tuple[int, ...]:
    """Return the installed release. Raises `UnsupportedRelease` if there is none or it is too old."""
    try:
        text = version(PACKAGE)
    except PackageNotFoundError:
        raise UnsupportedRelease(
            f"{PACKAGE} is not installed: qrtest works with releases {_dotted(OLDEST)} to "
            f"{_dotted(NEWEST_KNOWN)}, and with newer ones as far as they are alike. "
            f"Say: pip install {PACKAGE}"
        ) from None
    release = tuple(int(part) for part in text.split(".")[:3] if part.isdigit())
    if release[:2] < OLDEST:
        raise UnsupportedRelease(
            f"{PACKAGE} {text} is installed: qrtest works with releases {_dotted(OLDEST)} to "
            f"{_dotted(NEWEST_KNOWN)}, and with newer ones as far as they are alike. "
            f"Say: pip install -U {PACKAGE}"
        )
    return release


def version_text() -> str:
    """Return the installed release as text."""
    return version(PACKAGE)


def _dotted(release: tuple[int, ...]) -> str:
    return ".".join(map(str, release))


def _first(*places: str) -> Any:
    """Return the first of "module:name" that the installed release has."""
    installed()
    for place in places:
        module, _, name = place.partition(":")
        try:
            return getattr(importlib.import_module(f"qiskit_ibm_runtime.{module}"), name)
        except (ImportError, AttributeError):
            continue
    raise UnsupportedRelease(
        f"{PACKAGE} {_dotted(installed())} has none of {', '.join(places)}: "
        f"it is a release that qrtest does not know (tried up to {_dotted(NEWEST_KNOWN)})."
    )


class ours_to_know:  # noqa: N801 (used as a function is)
    """Turns failures in *what*, a part of the client's own code, into `UnsupportedRelease`.

    Only under a release that is newer than any known. Under a known release the failure is a bug of
    qrtest, and the exception stays as it is. A class, because a generator costs more than what it guards.
    """

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if not isinstance(error, AttributeError | TypeError | KeyError | ImportError):
            return
        if installed()[:2] <= NEWEST_KNOWN:
            return
        raise UnsupportedRelease(
            f"{PACKAGE} {version_text()} is newer than the releases that qrtest knows "
            f"({_dotted(OLDEST)} to {_dotted(NEWEST_KNOWN)}), and {self._what} is not as it was: "
            f"{type(error).__name__}: {error}. Update qrtest, or say: "
            f"pip install '{PACKAGE}<{_dotted((NEWEST_KNOWN[0], NEWEST_KNOWN[1] + 1))}'"
        ) from error


def client_class() -> Any:
    """Return the class RuntimeClient; in `api.client` from 0.49 on."""
    return _first(*PLACES["RuntimeClient"])


def json_encoder() -> Any:
    """Return the class RuntimeEncoder; in `json` from 0.48 on."""
    return _first(*PLACES["RuntimeEncoder"])


def json_decoder() -> Any:
    """Return the class RuntimeDecoder; in `json` from 0.48 on."""
    return _first(*PLACES["RuntimeDecoder"])


def result_decoder() -> Any:
    """Return the class ResultDecoder; in `decoders` from 0.48 on."""
    return _first(*PLACES["ResultDecoder"])


@lru_cache
def interim_decoder(program_id: str) -> Any:
    """Return the default decoder of a program's interim results, as in 0.29.1."""
    if program_id in PLAINLY_DECODED:
        return result_decoder()
    defaults = _first(*PLACES["DEFAULT_DECODERS"])
    decoders = defaults.get(program_id, result_decoder())
    return decoders[0] if isinstance(decoders, (list, tuple)) else decoders


def chains_decoders() -> bool:
    """Say whether several decoders are a chain; before 0.48 they are one for interim, one for final."""
    return installed() >= (0, 48)


def dropped(member: str) -> str | None:
    """Return the release that dropped a *member* of the documented surface; None if it is still there.

    >>> from qrtest.client import releases
    >>> releases.dropped("status") is None
    True
    """
    since = DROPPED.get(member)
    return None if since is None or installed() < since else _dotted(since)


def streams() -> bool:
    """Say whether the installed release can stream results."""
    return dropped("stream_results") is None


def makers_of_jobs(service: Any) -> tuple[str, ...]:
    """Return the methods by which a *service* makes jobs; `run` was removed in 0.31."""
    private = (private_names.RUN, private_names.DECODED_JOB)
    names = ("run", *(name.in_use(service) for name in private))
    return tuple(name for name in names if hasattr(service, name))


def stream_cancelled() -> Any:
    """Return the close code by which a release that streams ends a stream on purpose."""
    return _first(*PLACES["WebsocketClientCloseCode"]).CANCEL


@cache
def schema_versions(program_id: str) -> tuple[str, ...]:
    """Return the schema versions of a program's results that the installed release decodes.

    Empty if the release has no decoder for them; they moved to `decoders` in 0.48.
    """
    try:
        return tuple(_first(*PLACES[program_id]))
    except UnsupportedRelease:
        return ()


def exchanges_tokens() -> bool:
    """Say whether the client exchanges its key for a token; before 0.39 it sent the key."""
    return installed() >= (0, 39)


def platform_channel() -> str:
    """Return the channel of the platform: its name changed in 0.40."""
    return "ibm_quantum_platform" if installed() >= (0, 40) else "ibm_cloud"


def channels() -> tuple[str, ...]:
    """Return the channels of the installed release: ibm_quantum until 0.40, local from 0.28."""
    release = installed()
    known = ["ibm_quantum_platform"] if release >= (0, 40) else []
    known.append("ibm_cloud")
    if release < (0, 41):
        known.append("ibm_quantum")
    if release >= (0, 28):
        known.append("local")
    return tuple(known)


def client_parameters(*, token: str, url: str, instance: str) -> Any:
    """Return genuine ClientParameters."""
    parameters = _first(*PLACES["ClientParameters"])
    return parameters(channel=platform_channel(), token=token, url=url, instance=instance)


def job_arguments(job_class: type, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of *arguments* that the constructor of *job_class* takes.

    `client_params` and `user_callback` were removed in 0.42, `private` was added by 0.40.
    """
    taken = dict(arguments)
    for name in arguments.keys() - _parameters(job_class):
        del taken[name]
    return taken


@cache
def _parameters(job_class: type) -> frozenset[str]:
    return frozenset(inspect.signature(job_class).parameters)


class _NoStack:
    """Stands in for the module `inspect` in the client's session module."""

    @staticmethod
    def stack() -> list[Any]:
        return []


def _stand_ins() -> tuple[Patch, ...]:
    from qrtest.client.named_instances import listings

    session = importlib.import_module("qiskit_ibm_runtime.api.session")
    adapters = importlib.import_module("ibm_cloud_sdk_core.http_adapter")
    plainly = adapters.HTTPAdapter.init_poolmanager
    return (
        (session, "inspect", _NoStack),
        (adapters.SSLHTTPAdapter, "init_poolmanager", plainly),
        *listings(),
    )


STAND_INS: Final = Patches(_stand_ins, is_stable=True)
"""Changes the client while at least one simulation is active: it skips two slow, invisible steps, and lists
instances by the program's own names (`qrtest.client.named_instances`).

The client does not search the whole call stack at every request, so the header X-Qx-Client-Application
does not name the caller. The clients of IBM Cloud, of which a service makes two, read the certificates
of authorities when they connect, as requests does, instead of when they are constructed.
"""


# --- programs with a schema of their own -------------------------------------------------------


def _schema_module(program: str, version: str) -> Any:
    """Return the module of models of a program's schema; the package is installed with the client."""
    name = version.removeprefix("v").replace(".", "_")
    return importlib.import_module(f"ibm_quantum_schemas.{program}.version_{name}")


def _converter(place: str, name: str, inputs: Mapping[str, Any], program: str) -> Any:
    version = inputs["schema_version"]
    number = version.removeprefix("v").replace(".", "_")
    modules = (place, f"{place}.converters_{number}", f"{place}.version_{number}")
    convert = _first(*(f"{module}:{name}_from_{number}" for module in modules))
    model = _schema_module(program, version).ParamsModel.model_validate(dict(inputs))
    return convert(model)[0]


def quantum_program(inputs: Mapping[str, Any]) -> Any:
    """Return the QuantumProgram in the *inputs* of an executor job; from release 0.46 on."""
    return _converter("quantum_program.converters", "quantum_program", inputs, "executor")


def program_result_model(version: str) -> Any:
    """Return the model of an executor's result in a schema *version*."""
    return _schema_module("executor", version).QuantumProgramResultModel


def program_tensor_model(version: str) -> Any:
    """Return the model of the arrays in an executor's result in a schema *version*."""
    item = get_args(program_result_model(version).model_fields["data"].annotation)[0]
    return get_args(item.model_fields["results"].annotation)[1]


def learner_instructions(inputs: Mapping[str, Any]) -> Any:
    """Return the instructions in the *inputs* of a job of the third noise learner; from 0.46 on."""
    place = "noise_learner_v3.converters"
    return _converter(place, "noise_learner_v3_inputs", inputs, "noise_learner_v3")


def tensor(values: Any) -> Any:
    """Return the JSON of an array of numbers in the results of the third noise learner."""
    model = importlib.import_module("ibm_quantum_schemas.common").F64TensorModel
    return model.from_numpy(values).model_dump(mode="json")


def layer_error_classes() -> tuple[Any, Any]:
    """Return LayerError and PauliLindbladError, which the first noise learner gives."""
    layer, error = _first(*PLACES["LayerError"]), _first(*PLACES["PauliLindbladError"])
    return layer, error
