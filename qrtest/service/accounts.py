"""Accounts: the tokens of IAM, and the classic login (until July 2025).

Sources: what releases 0.26 to 0.51 of the client ask when a QiskitRuntimeService is made, and the
documentation of IBM Cloud's IAM.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any, Final

from qrtest.http.messages import Request, Response
from qrtest.service import error_responses, serialize
from qrtest.service.instances import ACCOUNT_ID, OPEN_SECONDS, Instance, Instances

__all__ = ["Account"]

TOKEN_SECONDS: Final = 3600
CLASSIC_PROVIDER: Final = ("ibm-q", "open", "main")
KEY_REJECTED: Final = {
    "errorCode": "BXNIM0415E",
    "errorMessage": "Provided API key could not be found.",
}


class Account:
    """An account: its *instances*, tokens and classic login. *epoch*: when the simulation began, since 1970.

    `crn` is that of the first instance, which answers when a request names none.

    >>> Account([Instance(name="team")], epoch=0).instances.named(None).name
    'team'
    """

    def __init__(self, instances: Sequence[Instance], *, epoch: float) -> None:
        self.instances: Final = Instances(instances, epoch=epoch)
        self.crn: Final = self.instances.crn
        self.rejects_tokens = False
        self._good_until: dict[str, float] = {}

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

    # --- the classic login, until July 2025 ---

    def classic(self, action: str, request: Request) -> Response:
        """GET version, users/me and Network; POST users/loginWithToken."""
        if action == "users/loginWithToken":
            return self.log_in()
        if action == "users/me":
            return self.user(f"{scheme_of(request)}://{request.host}")
        if action == "Network":
            return self.network()
        return serialize.json_response({"api-auth": "qrtest", "api-runtime": "qrtest"})

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
    def classic_usage(instance: Instance, used_seconds: float) -> Response:
        """GET /usage: what *instance* has consumed, *used_seconds* of it here."""
        limit = instance.usage_limit if instance.usage_limit is not None else OPEN_SECONDS
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

    @staticmethod
    def network() -> Response:
        """GET /Network: one hub, one group, one project."""
        hub, group, project = CLASSIC_PROVIDER
        projects = {project: {"name": project, "isDefault": True}}
        groups = {group: {"name": group, "projects": projects}}
        return serialize.json_response([{"name": hub, "groups": groups}])


def scheme_of(request: Request) -> str:
    """Return the scheme of *request*: a host with a port is a server of qrtest, by plain HTTP."""
    usual = "http" if ":" in request.host else "https"
    return request.header("X-Forwarded-Proto") or usual


def _jwt(claims: dict[str, Any]) -> str:
    header = {"alg": "RS256", "typ": "JWT", "kid": "qrtest"}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    return ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (*parts, b"not-a-signature")
    )
