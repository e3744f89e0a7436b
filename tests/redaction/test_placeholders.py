"""What was found as the id of an account or an instance stays that, wherever else it was sent."""

from __future__ import annotations

import json

import pytest

from qrtest.redaction.redactor import redacted
from tests.redaction.messages import API, answered, asked

ACCOUNT = "4f7c1e9a2b8d4c60a1e5f3b7d9c2e846"
INSTANCE = "6b1f0d52-8c3e-4a79-b0d4-5e2f91c7a638"
CRN = f"crn:v1:bluemix:public:quantum-computing:us-east:a/{ACCOUNT}:{INSTANCE}::"


@pytest.mark.parametrize(("kind", "value"), [("account", ACCOUNT), ("instance", INSTANCE)])
@pytest.mark.parametrize("header", ["Service-CRN", "X-Whatever"])
def test_ids_found_in_answers_keep_their_digests_although_headers_held_them(
    header: str, kind: str, value: str
) -> None:
    """Else a replay would take a request for another account for the recorded one."""
    session = redacted(
        [
            answered(json.dumps({"crn": CRN, "account_id": ACCOUNT, "instance_id": INSTANCE})),
            asked(f"{API}/accounts/{value}/instances", **{header.replace("-", "_"): CRN}),
        ],
        key=b"key",
    )
    digests = session.digests
    (placeholder,) = (each for each in digests.of if each.startswith(f"redacted-{kind}-"))
    assert placeholder in session.interactions[1].uri
    assert digests.fits(placeholder, value)
    assert not digests.fits(placeholder, "0" * 32)
