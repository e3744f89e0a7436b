"""Recordings of other tools as interactions: text in, values out; what becomes of them is not its business.

vcrpy of any release and pytest-recording, betamax, and what the platform lets people download of a
job (job-<id>-info.json and job-<id>-result.json).
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from qrtest.cassette import codec, foreign, yaml_json
from qrtest.cassette.fields import Place
from qrtest.cassette.model import Cassette, Interaction, Provenance
from qrtest.errors import CassetteError
from qrtest.http.messages import Request, Response
from qrtest.service.parse import described_job

__all__ = ["from_download", "from_text", "is_download", "is_recording"]

BASE = "https://quantum.cloud.ibm.com/api/v1"
_RECORDING = re.compile(
    r"""^[ \t{]*(?:http_)?interactions[ \t]*:|["'](?:http_)?interactions["'][ \t]*:|^-[ \t]+request:""",
    re.MULTILINE,
)
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def from_text(text: str, *, name: str = "the cassette") -> Cassette:
    """Return the cassette in *text*, of whichever tool; a seal that is broken does not matter.

    Raises `CassetteError` for a text that is none.
    """
    if text.lstrip()[:1] == "{":
        data = yaml_json.parsed(text, name)
        if isinstance(data, dict) and "http_interactions" in data:
            return _from_betamax(Place(name, data))
    return codec.loads(text, name=name, sealed=False)


def is_download(text: str) -> bool:
    """Return whether *text* is the description of a job as the platform lets people download it."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and "state" in data and "interactions" not in data


def is_recording(text: str) -> bool:
    """Return whether *text* looks like a recording of some tool, whole or damaged, or a downloaded job.

    >>> is_recording("interactions:\\n- request: {}"), is_recording("jobs:\\n  build: {}")
    (True, False)
    """
    is_pointer = text.startswith(codec.LFS_POINTER)
    return is_pointer or _RECORDING.search(text) is not None or is_download(text)


def from_download(info: str, result: str | None, *, name: str = "the download") -> Cassette:
    """Return the end of a job as a cassette, from its downloaded *info* and *result*.

    Raises `CassetteError` for an info that describes no job.
    """
    job = described_job(info.encode())
    if job is None:
        raise CassetteError(f"{name}: it describes no job: it has no id.")
    body = json.loads(info)
    without_params = {key: value for key, value in body.items() if key != "params"}
    path = f"{BASE}/jobs/{job.job_id}"
    answers = [
        (f"{path}?exclude_params=true", json.dumps(without_params), JSON),
        (path, json.dumps(body), JSON),
        (f"{path}/results", result, TEXT),
    ]
    return Cassette(
        tuple(_answered(url, answer, headers) for url, answer, headers in answers),
        Provenance(service="real"),
    )


def _answered(url: str, answer: str | None, headers: dict[str, str]) -> Interaction:
    response = Response(204) if answer is None else Response(200, answer.encode(), headers)
    return Interaction(request=Request.to("GET", url), response=response, at=0.0)


def _from_betamax(top: Place) -> Cassette:
    interactions = []
    began: datetime | None = None
    for item in top.get("http_interactions").items():
        asked, answered = item.get("request"), item.get("response")
        when = _time(item.get("recorded_at"))
        began = began or when
        data: dict[str, Any] = {
            "request": {
                "method": asked.get("method").value,
                "uri": asked.get("uri").value,
                "headers": asked.get("headers").value,
                "body": foreign.response_body(asked),
            },
            "response": {
                "status": answered.get("status").value,
                "headers": answered.get("headers").value,
                "body": {"string": foreign.response_body(answered)},
            },
        }
        if when is not None and began is not None:
            data["at"] = max(0.0, (when - began).total_seconds())
        interactions.append(data)
    return codec.read({"version": 1, "interactions": interactions}, name=top.name)


def _time(place: Place) -> datetime | None:
    if place.value is None:
        return None
    try:
        return datetime.fromisoformat(place.text())
    except ValueError:
        raise place.error("should be a time") from None
