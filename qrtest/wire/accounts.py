"""Who may ask: IAM tokens, the search for instances, their plans and usage.

A simulation has one account with one instance. Source: what releases 0.26 to 0.51 ask when a
QiskitRuntimeService is made, and the documentation of IBM Cloud's IAM, search and catalog services.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, Final

from qrtest.wire import payloads
from qrtest.wire.messages import Response

__all__ = ["Account"]

TOKEN_SECONDS: Final = 3600
CRN: Final = (
    "crn:v1:bluemix:public:quantum-computing:us-east:"
    "a/00000000000000000000000000007357:00000000-0000-4000-8000-000000007357::"
)
PLAN_ID: Final = "850b48e9-2d3a-4f6a-9f4e-000000007357"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account with one instance. *epoch* is when the simulation began, in seconds since 1970.

    >>> Account(epoch=0).crn.split(":")[4:6]
    ['quantum-computing', 'us-east']
    """

    epoch: float
    crn: str = CRN
    instance: str = "qrtest"
    plan: str = "paygo"
    tags: tuple[str, ...] = ()

    def token(self, now: float) -> Response:
        """POST /identity/token: a token that can be decoded, and is good for an hour."""
        issued = int(self.epoch + now)
        claims = {
            "iam_id": payloads.USER_ID,
            "iss": "https://iam.cloud.ibm.com/identity",
            "iat": issued,
            "exp": issued + TOKEN_SECONDS,
            "scope": "ibm openid",
        }
        return payloads.json_response(
            {
                "access_token": _jwt(claims),
                "refresh_token": "not_supported",
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
                "expiration": issued + TOKEN_SECONDS,
                "scope": "ibm openid",
            }
        )

    def search(self) -> Response:
        """POST /v3/resources/search: the instances of the account."""
        return payloads.json_response(
            {
                "items": [
                    {
                        "crn": self.crn,
                        "service_plan_unique_id": PLAN_ID,
                        "name": self.instance,
                        "tags": list(self.tags),
                        "doc": {"extensions": {"allocation": {}}},
                    }
                ],
                "limit": 100,
            }
        )

    def plan_of(self, plan_id: str) -> Response:
        """GET /api/v1/{plan id} of the catalog."""
        return payloads.json_response(
            {
                "id": plan_id,
                "name": self.plan,
                "kind": "plan",
                "overview_ui": {"en": {"display_name": self.plan.capitalize()}},
                "metadata": {"pricing": {"type": self.plan}},
            }
        )

    def usage(self, consumed_seconds: float, now: float) -> Response:
        """GET /instances/usage."""
        return payloads.json_response(
            {
                "instance_id": self.crn,
                "plan_id": PLAN_ID,
                "usage_period": {
                    "start_time": payloads.timestamp(self.epoch),
                    "end_time": payloads.timestamp(self.epoch + now),
                },
                "usage_consumed_seconds": round(consumed_seconds),
                "usage_limit_reached": False,
            }
        )


def _jwt(claims: dict[str, Any]) -> str:
    header = {"alg": "RS256", "typ": "JWT", "kid": "qrtest"}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    return ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (*parts, b"not-a-signature")
    )
