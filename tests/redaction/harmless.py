"""Contents without a secret in them: redaction has to leave each as it is, byte for byte."""

from __future__ import annotations

import base64
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import qrtest
from qrtest.cassette.model import Interaction
from qrtest.http.messages import Request, Response
from qrtest.redaction.allowlist import Rules
from qrtest.redaction.sanitize import sanitized
from qrtest.service import error_responses
from tests.redaction.harmless_names import NEAR_NAMES, TEXTS_NEAR_NAMES
from tests.redaction.messages import API, FORM, TEXT, answered, asked, sent

JOB = "d5h6o44pe0pc73am1f1g"
SESSION = "6b1f0d52-8c3e-4a79-b0d4-5e2f91c7a638"
URL = f"{API}/jobs/{JOB}"


class Harmless(NamedTuple):
    """One harmless *interaction*."""

    label: str
    interaction: Interaction


def _array(values: Any) -> str:
    file = io.BytesIO()
    np.save(file, np.asarray(values))
    return base64.b64encode(zlib.compress(file.getvalue())).decode()


def _bits(values: Any, bits: int) -> dict[str, Any]:
    return {
        "__type__": "BitArray",
        "__value__": {
            "array": {
                "__type__": "ndarray",
                "__value__": _array(np.asarray(values, dtype=np.uint8)),
            },
            "num_bits": bits,
        },
    }


def _bin(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "__type__": "DataBin",
        "__value__": {"field_names": list(fields), "shape": [], "fields": fields},
    }


REGISTERS = (
    "meas",
    "c",
    "c0",
    "alpha",
    "secret",
    "token",
    "key",
    "user",
    "pin",
    "my_register",
    "password",
)
ALONE: dict[str, Any] = {
    "number under TOKEN": {"TOKEN": 1},
    "small numbers": {"token": 7, "secret": 0, "pin": 12, "users": 1, "user_id": 0, "account": -1, "password": True},
    "nothing": {"token": None, "password": "", "user": [], "account": {}, "email": False},
    "counts of tokens": {"token_count": 12345, "max_tokens": 4096, "tokens": 123456, "tokens_used": 99999},
    "facts about tokens": {"token_type": "Bearer", "expires_in": 3600, "expiration": 1767225600},
    "nonce": {"nonce": 123456789, "key": 2, "keys": 31415},
    "nonce of letters": {"nonce": "9f8e7d6c5b4a3928"},
    "key": {"key": "meas", "keys": ["c0", "c1"]},
    "bits under secret": {"secret": [0, 1, 1, 0], "token": ["0", "1", "0110"], "password": "0110"},
    "samples": {"secret": {"samples": ["0x0", "0x3", "0x1ffffffff"], "num_bits": 40}},
    "long samples": {"data": {"c": {"samples": ["0x3259695e815a47c5f0dfb4a5d8a064df"] * 3, "num_bits": 127}}},
    "counts": {"counts": {"00": 512, "11": 512, "0x3": 10, "00 11": 4}, "secret": {"0x0": 51234, "0x3": 48}},
    "status of a token": {"token": "Completed", "status": "Completed", "state": {"status": "Completed"}},
    "word of a filter": {"token": "REDACTED", "message": "REDACTED"},
    "page": {"next": "eyJwYWdlIjogMn0=", "cursor": "eyJwYWdlIjoyLCJsaW1pdCI6MTB9"},
    "no JWT": {"cursor": base64.b64encode(b'{"epoch": 1, "step": 6}').decode()},
    "quick words": {"options": {"mode": "auto", "level": "high", "basis": "ZZ", "enabled": "yes"}},
    "Pauli strings": {"observables": [{"XIZY": 1.0}, {"IIII": 0.5}], "pauli": "XXYYZ"},
    "times": {"created": "2026-01-10T15:11:12.725382Z", "updated": "2026-01-10T15:11:12Z", "date": "2026-01-10"},
    "durations": {"wait": "6m30s", "timeout": "30s", "elapsed": "1.5 s", "duration": 1234567890},
    "large numbers": {"circuits_execution_time_ns": 2704611328, "x": 123456789012345, "y": -1.5e-9, "z": 1e400},
    "versions": {"version": "0.51.0", "qiskit_version": "qiskit_ibm_runtime-0.47.0,qiskit-2.4.1*", "schema": "v2.0"},
    "caller": {"caller": "qiskit_ibm_runtime~sampler.py"},
    "QASM": {"circuit": "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[2] q;\nh q[0];\ncx q[0], q[1];\nbit[2] foo_bar;\n"},
    "QASM 2": {"qasm": 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q9x7[5];\ncreg kq[5];\nu3(0.123456789012,0,pi/2) q9x7[0];\n'},
    "parameters": {"parameter_values": [{"theta": 0.1, "phi": 3.14159}]},
    "tags": {"tags": ["bell", "run-17", "experiment_3", "v2", "2026-01-10"]},
    "programs": {"program": {"id": "sampler"}, "program_id": "estimator"},
    "ids": {"id": JOB, "session_id": SESSION, "job_id": JOB, "calibration_id": "cal-7"},
    "usage": {"usage": {"seconds": 1, "quantum_seconds": 10.5}, "bss": {"seconds": 4}, "usage_estimation": {"quantum_seconds": None}},
    "session": {"id": SESSION, "mode": "dedicated", "max_ttl": 28800, "timestamps": [{"status": "open", "timestamp": "2026-01-01T00:00:00Z"}]},
    "executor": {"schema_version": "v2.0", "data": [{"results": {"meas": {"data": base64.b64encode(bytes([1, 0, 3, 255])).decode(), "shape": [4, 2], "dtype": "bool"}}}]},
    "executor, few": {"results": {"secret": {"data": "AQ==", "shape": [1], "dtype": "u8"}, "m": {"data": base64.b64encode(b"AB").decode(), "shape": [2], "dtype": "u8"}}},
    "noise": {"data": [{"generators_sparse": [["X", [0]], ["ZZ", [0, 1]]], "num_qubits": 2, "rates": {"data": base64.b64encode(np.array([0.001, 0.002]).tobytes()).decode(), "shape": [2], "dtype": "f64"}}]},
    "spans": {"__type__": "TwirledSliceSpanV2", "__value__": {"start": "2026-01-10T15:11:12.725382", "stop": "2026-01-10T15:11:13", "data_slices": {"0": [[8192], 0, 1, 0, 8192]}}},
    "nested names": {"user": {"jobs": 12, "active": True}, "account": {"limit": 10, "created": "2026-01-01T00:00:00Z"}},
    "unicode escapes": {"message": "caf\u00e9 closed"},
    "duplicate": {"a": 1, "A": 1, "b": []},
    "registers": {"__type__": "PrimitiveResult", "__value__": {"pub_results": [{"__type__": "SamplerPubResult", "__value__": {"data": _bin({name: _bits([[1], [0]], 1) for name in REGISTERS}), "metadata": {"circuit_metadata": {}}}}]}},
    "plain registers": {"results": [{"data": {name: {"samples": ["0x1", "0x0"], "num_bits": 1} for name in REGISTERS}, "metadata": {}}]},
    "observed values": {"__type__": "DataBin", "__value__": {"field_names": ["evs", "stds"], "fields": {"evs": {"__type__": "ndarray", "__value__": _array([0.25, -0.5])}}}},
    "links": {"more_info": "https://docs.quantum.ibm.com/errors#1500", "href": "https://quantum.cloud.ibm.com/api/v1/jobs?limit=10&offset=20"},
}  # fmt: skip
TEXTS = {
    "log": "2026-01-01T00:00:00Z INFO job started\n2026-01-01T00:00:05Z WARNING retrying in 5 seconds (attempt 2 of 10)\n",
    "traceback": 'Traceback (most recent call last):\n  File "program.py", line 12, in main\nValueError: the circuit has 5 qubits, but the backend supports 3\n',
    "gateway": "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
    "gateway, styled": '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot GET /api/v1/things</pre>\n</body>\n</html>\n',
    "sentence": "The request was cancelled, because it took longer than 300 seconds.",
    "plain": "ok",
    "number": "42",
}
MESSAGES = (
    "Job not found. Job ID: d5h6o44pe0pc73am1f1g",
    f"Session not found. Session ID: {SESSION}",
    "Internal error. -- Try again or contact support. -- https://ibm.biz/error_codes#1500",
    "Invalid token: the token has expired.",
    "The password is required.",
    "Unable to retrieve account: user is not authorized.",
    "Error in the validation process of the job: 3 qubits are required, got 5.",
    "Digest of the body does not match.",
    "Backend 'ibm_torino' not found.",
    "Usage exceeds instance limit.",
    "Ran too long: 10800 s at most.",
    "'sampler' is not a valid program; use one of: sampler, estimator.",
    "The service doesn't accept jobs right now; it's under maintenance until 2026-01-10.",
    "Value 0.5 for option 'resilience_level' should be 0, 1 or 2 [node 7, attempt #3]",
    "Circuit #0: gate 'cx' on qubits (0, 1) isn't supported by ibm_fez (r2).",
)


def items() -> Iterator[Harmless]:
    """Yield all that is harmless."""
    for label, value in ALONE.items():
        for style, written in {
            "": json.dumps(value),
            ", compact": json.dumps(value, separators=(",", ":")),
            ", indented": json.dumps(value, indent=2, ensure_ascii=False),
        }.items():
            yield Harmless(label + style, answered(written, url=URL))
            yield Harmless(f"{label}{style}, of another path", answered(written))
            yield Harmless(
                f"{label}{style}, as a result", answered(written, TEXT, url=f"{URL}/results")
            )
            yield Harmless(f"{label}{style}, sent", sent(written, url=f"{API}/jobs"))
    for label, text in TEXTS.items():
        kind = "text/html" if text.startswith("<") else TEXT
        yield Harmless(label, answered(text, kind, url=f"{URL}/logs"))
    for label, value in NEAR_NAMES.items():
        yield Harmless(f"near names: {label}", answered(json.dumps(value)))
    for label, text in TEXTS_NEAR_NAMES.items():
        kind = "text/html" if text.startswith("<html") else TEXT
        yield Harmless(f"near names: {label}", answered(text, kind))
        yield Harmless(f"near names: {label}, message", answered(json.dumps({"message": text})))
    for message in MESSAGES:
        errors = {
            "errors": [
                {
                    "code": 1000,
                    "message": message,
                    "solution": message,
                    "more_info": "https://x.test",
                }
            ]
        }
        yield Harmless(message, answered(json.dumps({**errors, "trace": SESSION})))
        yield Harmless(f"{message} in a log", answered(f"ERROR {message}\n", TEXT))
    yield from _encodings()
    yield from _requests()
    yield from _real_payloads()
    yield from _errors()
    yield from _simulated()


def _encodings() -> Iterator[Harmless]:
    latin = '{"message": "café"}'.encode("latin-1")
    yield Harmless("latin-1", answered(latin, "application/json; charset=iso-8859-1"))
    whole = '{"message": "café café"}'.encode()
    cut = answered(whole[:17])
    yield Harmless("cut", replace(cut, response=replace(cut.response, failure="cut")))
    yield Harmless(
        "utf-16",
        answered('{"message": "café"}'.encode("utf-16"), "application/json; charset=utf-16"),
    )
    yield Harmless("BOM", answered(b"\xef\xbb\xbf" + b'{"status": "ok"}'))
    yield Harmless("form", answered("grant_type=password&limit=10&scope=openid", FORM))


def _requests() -> Iterator[Harmless]:
    for path in (
        f"/jobs/{JOB}/results", f"/sessions/{SESSION}/close", "/jobs?limit=10&offset=20&exclude_params=true&tags=bell&pending=true",
        "/backends/ibm_torino/properties?calibration_id=cal-7", "/instances/usage", "/users/me", "/x", "/p", "/many?limit=500",
        f"/jobs?session_id={SESSION}&created_after=2026-01-01T00:00:00Z&sort=ASC&program=sampler",
    ):  # fmt: skip
        yield Harmless(path, asked(f"{API}{path}"))
    yield Harmless("location", answered("{}", Location=f"/api/v1/jobs/{JOB}"))


def _real_payloads() -> Iterator[Harmless]:
    folder = files("qrtest.captured")
    for path in folder.iterdir():
        if path.name.endswith(".json"):
            text = path.read_text(encoding="utf-8")
            yield Harmless(f"captured {path.name}", answered(text, TEXT, url=f"{URL}/results"))
            for number, each in enumerate(
                data if isinstance(data := json.loads(text), list) else [data]
            ):
                yield Harmless(
                    f"captured {path.name} {number}",
                    answered(json.dumps(each), url=f"{URL}/metrics"),
                )
    import qiskit_ibm_runtime.fake_provider as provider

    for path in sorted((Path(provider.__file__).parent / "backends").glob("*/*.json"))[::9]:
        kind = "configuration" if path.name.startswith("conf") else "properties"
        yield Harmless(path.name, answered(path.read_bytes(), url=f"{API}/backends/ibm_x/{kind}"))


def _errors() -> Iterator[Harmless]:
    made = error_responses
    for error in (
        made.body_invalid("the field 'backend' is missing"), made.api_version_unknown("2020-01-01", ("2026-02-01", "2026-04-15")),
        made.token_missing(), made.token_rejected(), made.backend_unknown("ibm_torino"), made.backend_unavailable("ibm_fez"),
        made.too_many_requests(5), made.too_many_tags(8), made.tag_too_long(86), made.body_too_large(10**7), made.usage_exceeded(),
        made.job_unknown(JOB), made.no_websocket(), made.not_cancellable(JOB), made.not_deletable(JOB, 400),
        made.session_unknown(SESSION), made.session_closed(SESSION), made.session_not_allowed(), made.gone("That", "2026-02-01"),
    ):  # fmt: skip
        response: Response = error.answer(trace=SESSION)
        yield Harmless(
            str(error), Interaction(request=Request.to("GET", URL), response=response, at=0.0)
        )


def _simulated() -> Iterator[Harmless]:
    """Yield what the simulated service answers a client: lists, metrics, results, sessions, backends."""
    with qrtest.simulate(transport="requests") as sim:
        job = sim.job("QUEUED 5s; RUNNING 2s; DONE", tags=["bell"])
        job.wait_for_final_state()
        job.result()
        job.metrics()
        job.logs()
        service = sim.service()
        service.jobs()
        backend = service.backend(service.backends()[0].name)
        backend.properties()
        failing = sim.job("RUNNING 1s; ERROR 1500")
        failing.wait_for_final_state()
        failing.error_message()
        for number, entry in enumerate(sim.journal):
            yield Harmless(
                f"simulated {number} {entry.request}",
                Interaction(request=entry.request, response=entry.response, at=0.0),
            )


_IDENTITIES = re.compile(
    rb"IBMid-6960000QRT|ad23bc0732543df64f35cd12|the-hub|the-group|the-project|redacted-(?:user|provider|account|instance)-[0-9a-f]{10}"
    rb"|(?<=:a/)[0-9a-f]{32}|(?<=:)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=::)"
)


def _without_identities(text: bytes) -> bytes:
    return _IDENTITIES.sub(b"", text)


def changed(harmless: Harmless) -> str:
    """Return how redaction changes what is *harmless*, shortly; "" if it does not."""
    before = harmless.interaction
    _, cassette = sanitized([before], key=b"key", rules=Rules(), name="x.yaml")
    kept = cassette.interactions
    if not kept:
        return ""
    [after] = kept
    for label, one, other in (
        ("address", before.uri.encode(), after.uri.encode()),
        ("request", before.request.body, after.request.body),
        ("response", before.response.body, after.response.body),
        (
            "location",
            repr(before.response.headers.get("Location")).encode(),
            repr(after.response.headers.get("Location")).encode(),
        ),
    ):
        one, other = _without_identities(one), _without_identities(other)
        if one != other:
            at = next(
                (n for n, (x, y) in enumerate(zip(one, other, strict=False)) if x != y),
                min(len(one), len(other)),
            )
            return f"{label} at {at}: {one[max(0, at - 30) : at + 40]!r} -> {other[max(0, at - 30) : at + 60]!r}"
    return ""
