"""What was found as the id of an account or an instance stays that, wherever else it was sent."""

from __future__ import annotations

import json

import pytest

from qrtest.cassette import codec
from qrtest.redaction.redactor import redacted
from tests.redaction.corpus import file_of
from tests.redaction.messages import API, answered, asked, sent

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


@pytest.mark.parametrize("number", ["-48213377", "4821e33", "48213377"])
def test_a_credential_that_is_a_number_in_other_json_is_replaced_by_a_number(number: str) -> None:
    """Else what is replayed would be no JSON."""
    used, echo = sent(json.dumps({"password": number})), answered(f'{{"x": [{number}]}}')
    cassette = codec.loads(file_of((used, echo)), name="x")
    (value,) = json.loads(cassette.interactions[1].response.body)["x"]
    assert value != json.loads(number)


@pytest.mark.parametrize("delay", ["120", "0.5", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_delay_is_kept(delay: str) -> None:
    assert delay in file_of((answered("{}", Retry_After=delay),))


@pytest.mark.parametrize("other", ["493827", "butterfly"])
def test_what_is_no_delay_is_not_kept_as_one(other: str) -> None:
    assert other not in file_of((answered("{}", Retry_After=other),))
