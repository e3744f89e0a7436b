"""Accounts: tokens, instances, plans and usage.

Sources: what releases 0.26 to 0.51 ask when a QiskitRuntimeService is made, the documentation of
IBM Cloud's IAM, search, catalog and resource controller, and of the classic login (until July 2025).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qrtest.code_repr import AsCode
from qrtest.errors import SimulationError
from qrtest.http.messages import Request, Response
from qrtest.service import error_responses, serialize

__all__ = ["CRN", "REGIONS", "Account", "Instance"]

TOKEN_SECONDS: Final = 3600
ACCOUNT_ID: Final = "00000000000000000000000000007357"
REGIONS: Final = ("us-east", "eu-de")
NAME: Final = "qrtest"
CRN: Final = (
    f"crn:v1:bluemix:public:quantum-computing:{REGIONS[0]}:a/{ACCOUNT_ID}:"
    "00000000-0000-4000-8000-000000007357::"
)
PLANS: Final[Mapping[str, tuple[str, str]]] = {
    "open": ("Open", "free"),
    "paygo": ("Pay-As-You-Go", "paygo"),
    "flex": ("Flex", "subscription"),
    "premium": ("Premium", "subscription"),
    "on-prem": ("On-Prem", "paid"),
}
CLASSIC_PROVIDER: Final = ("ibm-q", "open", "main")
KEY_REJECTED: Final = {
    "errorCode": "BXNIM0415E",
    "errorMessage": "Provided API key could not be found.",
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Instance(AsCode):
    """An instance of the service: where jobs belong to, and what is paid for.

    *plan*: "open", "paygo", "flex", "premium" or "on-prem". *region*: "us-east" or "eu-de".
    *backends*: names, None for all of the simulation. *usage_limit* and *usage_consumed* are
    seconds of QPU time; a submission beyond the limit is refused. *crn*: made up if not given.

    >>> Instance(name="team", plan="open", region="eu-de").resource_name.split(":")[4:6]
    ['quantum-computing', 'eu-de']
    """

    name: str = NAME
    plan: str = "paygo"
    region: str = "us-east"
    crn: str | None = None
    backends: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    usage_limit: float | None = None
    usage_consumed: float = 0.0

    def __post_init__(self) -> None:
        if self.plan not in PLANS:
            raise SimulationError(f"plan={self.plan!r}: there are {', '.join(PLANS)}.")
        if self.region not in REGIONS:
            raise SimulationError(f"region={self.region!r}: there are {', '.join(REGIONS)}.")
        for name in ("backends", "tags"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise SimulationError(f"{name}={value!r} is one text: write {name}=({value!r},).")
            if value is not None:
                object.__setattr__(self, name, tuple(value))

    @property
    def resource_name(self) -> str:
        """The CRN, given or made up from the name."""
        if self.crn is not None:
            return self.crn
        if self.name == NAME and self.region == REGIONS[0]:
            return CRN
        number = int.from_bytes(self.name.encode()[-6:], "big")
        return (
            f"crn:v1:bluemix:public:quantum-computing:{self.region}:a/{ACCOUNT_ID}:"
            f"00000000-0000-4000-8000-{number:012x}::"
        )

    @property
    def plan_id(self) -> str:
        """The catalog's id of the plan."""
        return f"850b48e9-2d3a-4f6a-9f4e-{list(PLANS).index(self.plan):012x}"


class Account:
    """An account with its instances. *epoch* is when the simulation began, in seconds since 1970.

    `crn` is that of the first instance, which is asked when a request names none.

    >>> Account([Instance(name="team")], epoch=0).instance(None).name
    'team'
    """

    def __init__(self, instances: Sequence[Instance], *, epoch: float) -> None:
        self.instances: Final = tuple(instances)
        if not self.instances:
            raise SimulationError("instances=[]: an account has one instance at least.")
        self.rejects_tokens = False
        self._epoch = epoch
        self._by_crn = {instance.resource_name: instance for instance in self.instances}
        self.crn: Final = next(iter(self._by_crn))
        self._good_until: dict[str, float] = {}
        if len(self._by_crn) < len(self.instances):
            raise SimulationError("Two instances have the same CRN: give each a name of its own.")

    def instance(self, crn: str | None) -> Instance:
        """Return the instance that a request asks for by the header Service-CRN; the first for None."""
        if crn is None:
            return self.instances[0]
        found = self._by_crn.get(crn)
        if found is None:
            raise error_responses.instance_unknown(crn)
        return found

    def admit(self, request: Request, at: float) -> None:
        """Let *request* pass if its credentials are good *at* that time, in seconds since 1970.

        A token that this account handed out is good until it expires; any other is taken as it is.
        """
        headers = request.headers
        token = headers.get("Authorization") or request.header("Authorization")
        if token is None and request.header("X-Access-Token") is None:
            raise error_responses.token_missing()
        if self.rejects_tokens or self._good_until.get(token or "", at) < at:
            raise error_responses.token_rejected()

    def expires(self, request: Request) -> bool:
        """Return whether the token of *request* will not be good for ever."""
        return request.header("Authorization") in self._good_until

    def token(self, at: float) -> Response:
        """POST /identity/token: a token that can be decoded, good for an hour from *at*, since 1970."""
        if self.rejects_tokens:
            return serialize.json_response(KEY_REJECTED, 400)
        issued = int(at)
        claims = {
            "iam_id": serialize.USER_ID,
            "account": {"bss": ACCOUNT_ID},
            "iss": "https://iam.cloud.ibm.com/identity",
            "iat": issued,
            "exp": issued + TOKEN_SECONDS,
            "scope": "ibm openid",
        }
        token = _jwt(claims)
        self._good_until[f"Bearer {token}"] = at + TOKEN_SECONDS
        return serialize.json_response(
            {
                "access_token": token,
                "refresh_token": "not_supported",
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
                "expiration": issued + TOKEN_SECONDS,
                "scope": "ibm openid",
            }
        )

    def search(self) -> Response:
        """POST /v3/resources/search: the instances of the account."""
        items = [
            {
                "crn": instance.resource_name,
                "service_plan_unique_id": instance.plan_id,
                "name": instance.name,
                "tags": list(instance.tags),
                "doc": {"extensions": {"allocation": {}}},
            }
            for instance in self.instances
        ]
        return serialize.json_response({"items": items, "limit": 100})

    def resources(self, name: str | None) -> Response:
        """GET /v2/resource_instances of the resource controller, by *name* if given."""
        found = [
            {"crn": instance.resource_name, "id": instance.resource_name, "name": instance.name}
            for instance in self.instances
            if name in (None, instance.name)
        ]
        return serialize.json_response({"rows_count": len(found), "resources": found})

    def plan_of(self, plan_id: str) -> Response:
        """GET /api/v1/{plan id} of the catalog."""
        for instance in self.instances:
            if instance.plan_id == plan_id:
                display_name, pricing = PLANS[instance.plan]
                return serialize.json_response(
                    {
                        "id": plan_id,
                        "name": instance.plan,
                        "kind": "plan",
                        "overview_ui": {"en": {"display_name": display_name}},
                        "metadata": {"pricing": {"type": pricing}},
                    }
                )
        return serialize.json_response({"message": "Object not found"}, 404)

    def usage(self, instance: Instance, used_seconds: float, now: float) -> Response:
        """GET /instances/usage: what *instance* has consumed, *used_seconds* of it here."""
        body: dict[str, Any] = {
            "instance_id": instance.resource_name,
            "plan_id": instance.plan_id,
            "usage_period": {
                "start_time": serialize.timestamp(self._epoch),
                "end_time": serialize.timestamp(self._epoch + now),
            },
            "usage_consumed_seconds": round(instance.usage_consumed + used_seconds),
        }
        if instance.usage_limit is not None:
            body["usage_limit_seconds"] = round(instance.usage_limit)
        body["usage_limit_reached"] = is_used_up(instance, used_seconds)
        return serialize.json_response(body)

    def classic_usage(self, instance: Instance, used_seconds: float) -> Response:
        """GET /usage, of the classic channel."""
        limit = instance.usage_limit if instance.usage_limit is not None else 600.0
        consumed = instance.usage_consumed + used_seconds
        entry = {
            "instance": "/".join(CLASSIC_PROVIDER),
            "quota": round(limit),
            "usage": round(consumed),
            "usageRemaining": max(0, round(limit - consumed)),
            "pendingJobs": 0,
            "maxPendingJobs": 3,
        }
        return serialize.json_response({"period": {}, "byInstance": [entry]})

    def listed(self) -> Response:
        """GET /instances."""
        return serialize.json_response(
            {
                "instances": [
                    {"crn": entry.resource_name, "plan_id": entry.plan_id, "name": entry.name}
                    for entry in self.instances
                ]
            }
        )

    # --- the classic login, until July 2025 ---

    def log_in(self) -> Response:
        """POST /users/loginWithToken."""
        if self.rejects_tokens:
            message = {"status": 401, "name": "INVALID_API_TOKEN", "message": "Login failed."}
            return serialize.json_response({"error": message}, 401)
        return serialize.json_response({"id": "qrtest-access-token", "ttl": 1_209_600})

    @staticmethod
    def user(base: str) -> Response:
        """GET /users/me: the addresses of the other services, all at *base*."""
        web_socket = base.replace("http", "ws", 1)
        urls = {"http": base, "ws": web_socket, "services": {"runtime": base}}
        return serialize.json_response({"email": "user@example.com", "urls": urls})

    @staticmethod
    def network() -> Response:
        """GET /Network: one hub, one group, one project."""
        hub, group, project = CLASSIC_PROVIDER
        projects = {project: {"name": project, "isDefault": True}}
        groups = {group: {"name": group, "projects": projects}}
        return serialize.json_response([{"name": hub, "groups": groups}])


def is_used_up(instance: Instance, used_seconds: float) -> bool:
    """Return whether *instance* has reached its limit, having used *used_seconds* here."""
    limit = instance.usage_limit
    return limit is not None and instance.usage_consumed + used_seconds >= limit


def _jwt(claims: dict[str, Any]) -> str:
    header = {"alg": "RS256", "typ": "JWT", "kid": "qrtest"}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    return ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (*parts, b"not-a-signature")
    )
