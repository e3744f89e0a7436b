"""Every private attribute of the genuine client that qrtest touches, entered once.

A release that renames one is met here and nowhere else: add the new name before the old one. A test reads the
sources of this folder for private attributes that are not entered here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

__all__ = ["PRIVATE_NAMES", "UNTIL_STREAMS_ENDED", "PrivateName"]


@dataclass(frozen=True, slots=True, init=False)
class PrivateName:
    """A private attribute under its *names* in different releases, the newest first."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)

    def in_use(self, owner: Any) -> str:
        """Return the name that *owner* has, the newest one if it has none.

        >>> PrivateName("_renamed", "__doc__").in_use(object())
        '__doc__'
        """
        if len(self.names) > 1:
            for name in self.names:
                if hasattr(owner, name):
                    return name
        return self.names[0]

    def of(self, owner: Any, *default: Any) -> Any:
        """Return the value that *owner* has, or the *default*, as `getattr` does.

        Raises `AttributeError` when there is neither.
        """
        return getattr(owner, self.in_use(owner), *default)

    def is_in(self, owner: Any) -> bool:
        """Return whether *owner* has the attribute.

        >>> PrivateName("_missing").is_in(object())
        False
        """
        return hasattr(owner, self.in_use(owner))

    def put_in(self, owner: Any, value: Any) -> None:
        """Set the attribute of *owner* to *value*."""
        setattr(owner, self.in_use(owner), value)


# --- RuntimeClient -----------------------------------------------------------------------------

SESSION: Final = PrivateName("_session")
"""The session of requests that a client sends by."""

API: Final = PrivateName("_api")
"""The adapter of the REST API that a client asks."""

CONFIGURATIONS: Final = PrivateName("_configuration_registry")
"""The configurations of backends that a client has fetched."""

# --- QiskitRuntimeService ----------------------------------------------------------------------

ACTIVE_CLIENT: Final = PrivateName("_active_api_client")
"""The client of the active instance, of releases that have several."""

CLIENTS: Final = PrivateName("_api_clients")
"""The clients of all instances, by CRN."""

ONLY_CLIENT: Final = PrivateName("_api_client")
"""The client of a service that has one; also that of a job."""

ACCOUNT: Final = PrivateName("_account")
"""The account of a service."""

NEW_CLIENT: Final = PrivateName("_create_new_cloud_api_client")
"""The method by which a service makes a client for another instance."""

RUN: Final = PrivateName("_run")
"""The method by which a service submits from release 0.31 on; `run` before."""

DECODED_JOB: Final = PrivateName("_decode_job")
"""The method by which a service makes a job of an answer."""

# --- RuntimeJobV2 ------------------------------------------------------------------------------

JOB_CLIENT: Final = PrivateName("_api_client")
"""The client that a job asks."""

JOB_BACKEND: Final = PrivateName("_backend")
"""The backend of a job."""

JOB_SERVICE: Final = PrivateName("_service")
"""The service of a job."""

JOB_STATUS: Final = PrivateName("_status")
"""The status that a job saw last."""

STREAM: Final = PrivateName("_ws_client")
"""The websocket client of a job, in releases that stream."""

STREAM_FUTURE: Final = PrivateName("_ws_client_future")
"""The future of the thread that receives a job's stream."""

STREAM_QUEUE: Final = PrivateName("_result_queue")
"""The queue that a job's stream is received into."""

STREAM_URL: Final = PrivateName("_websocket_url")
"""The address that a websocket client connects to."""

STREAM_PROXY: Final = PrivateName("_proxy_params")
"""The options that a websocket client passes on to the websocket library."""

PRIVATE_NAMES: Final = {
    name: value for name, value in list(globals().items()) if isinstance(value, PrivateName)
}
"""Each private attribute under the name of its constant."""

UNTIL_STREAMS_ENDED: Final = frozenset(
    {"STREAM", "STREAM_FUTURE", "STREAM_QUEUE", "STREAM_URL", "STREAM_PROXY", "ONLY_CLIENT"}
)
"""The constants of attributes that releases from 0.38 on need not have.

The client of a service is one of several there; that of a job is `JOB_CLIENT`.
"""
