"""What may be kept in a cassette: names that are known to hold no secret. Everything else is not kept.

Names are compared without case, hyphens and underscores. Sources of the names: the REST API's
description, captured payloads, and what releases 0.26 to 0.51 of the client send and read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from qrtest.errors import CassetteError

__all__ = ["Rules", "identity_type", "is_secret_name", "plain_name", "project_rules"]


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """*name* as it is compared.

    >>> plain_name("X-Access_Token")
    'xaccesstoken'
    """
    return name.replace("-", "").replace("_", "").lower()


def _names(text: str) -> frozenset[str]:
    return frozenset(map(plain_name, text.split()))


REQUEST_HEADERS: Final = _names("Content-Type IBM-API-Version Parent-Job-Id IBM-API-Function-Id")
RESPONSE_HEADERS: Final = _names("Content-Type Content-Length Location Retry-After Link Allow")
QUERY: Final = _names(
    "backend calibration_id created_after created_before exclude_params fields include_mocks limit "
    "offset pending program search session_id sort tags type updated_before version grant_type"
)
FORM: Final = _names("grant_type response_type scope limit")
KEYS: Final = _names(
    """
    id jobs job_id backend backend_name backends devices device state status reason reason_code
    reasonCode reason_solution errors error code message solution more_info trace detail details
    program program_id runtime tags created ended running finished created_at updated_at
    session_id mode state_reason accepting_jobs started_at activated_at closed_at last_job_started
    last_job_completed timestamps timestamp calibration_id usage bss metadata version versions
    sunset_date qiskit_version estimated_start_time estimated_completion_time
    name title description crn instance service_plan_unique_id items search_cursor query fields
    overview_ui en display_name pricing kind type __type__ __module__ __class__ field_names
    field_types shape dtype semantic_role schema_version log_level program_runtime instance_plan
    plan_id usage_period start_time end_time query_string sequence_type amplifier extrapolator
    noise_factors layers_to_learn environment job_tags meas_type meas_level init_qubits
    default_shots execution_path support_qiskit options resilience twirling strategy
    dynamical_decoupling scheduling_method slack_distribution extra_slack_distribution
    skip_reset_qubits circuits qpy_version results samples observables labels chunk_timing start
    stop parts uri url urls href rel http ws services next previous first last total count level
    queue_length length_queue backend_version processor_type family revision segment clops
    """
)
DATA_KEYS: Final = _names("__value__ b64_data data array")
"""Names of encoded arrays and circuits: kept when they decode to what is no text."""

SECRET_NAME: Final = re.compile(
    r"token|secret|passw|pwd$|passphrase|apikey|accesskey|privatekey|signingkey|sessionkey|credential"
    r"|signature|^sig$|cookie|authorization|^auth$|xauth|jwt|bearer|hmac|otp$|^pin$|csrf|xsrf|nonce"
    r"|assertion|^key$|keyid$|refresh(?!rate)|clientid|saml|sessid|certificate|^code(verifier|challenge)$"
)
IDENTITIES: Final = {
    "user": _names(
        "user_id userid iam_id iamid user username user_name login owner created_by createdby author sub "
        "subject realmid realmed_userid given_name family_name first_name last_name full_name nickname "
        "preferred_username principal principal_id requester"
    ),
    "email": _names("email e_mail mail email_address contact"),
    "account": _names(
        "account account_id accountid account_crn bss_account bss_account_id tenant tenant_id"
        " customer customer_id organization organization_id org subscription_id ims ims_user_id"
    ),
    "provider": _names("hub group project provider hubs groups projects"),
    "instance": _names("instance_id instanceid resource_instance_id guid resource_id"),
    "ip": _names("ip ip_address ipaddress client_ip remote_addr x_forwarded_for remote_address"),
    "phone": _names("phone phone_number telephone mobile"),
}
_IDENTITY_OF: Final = {name: kind for kind, names in IDENTITIES.items() for name in names}


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether what goes by *name* is a credential.

    >>> is_secret_name("X-Access-Token"), is_secret_name("status")
    (True, False)
    """
    plain = plain_name(name)
    return not plain.startswith("redacted") and SECRET_NAME.search(plain) is not None


def identity_type(name: str) -> str | None:
    """What kind of identity goes by *name*; None when it is none."""
    return _IDENTITY_OF.get(plain_name(name))


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a project adds: JSON names to *keep*, names that are *secret*, and *shapes* of secrets.

    *shapes* are names with regular expressions.

    >>> Rules(keep=frozenset({"flavour"})).keeps("Flavour")
    True
    """

    keep: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    shapes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Mapping[str, Any], *, name: str = "[tool.qrtest.redaction]") -> Rules:
        """The rules in a *table* of a project's configuration. Raises `CassetteError` for a wrong one."""
        unknown = set(table) - {"keep", "secret", "shapes"}
        if unknown:
            raise CassetteError(
                f"{name}: there is no {min(unknown)!r}: there are keep, secret and shapes."
            )
        for key in ("keep", "secret"):
            if not _is_texts(table.get(key, [])):
                raise CassetteError(f"{name}: {key} should be a list of texts.")
        shapes = table.get("shapes", {})
        if not isinstance(shapes, Mapping) or not _is_texts(list(shapes.values())):
            raise CassetteError(f"{name}: shapes should be a table of regular expressions.")
        for kind, pattern in shapes.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise CassetteError(
                    f"{name}: the shape {kind!r} is no regular expression: {error}."
                ) from None
            if not re.fullmatch(r"[a-z]+", kind):
                raise CassetteError(
                    f"{name}: the shape {kind!r} should have a name of small letters."
                )
        return cls(
            keep=frozenset(table.get("keep", ())),
            secret=frozenset(table.get("secret", ())),
            shapes=dict(shapes),
        )

    def __post_init__(self) -> None:
        for name in ("keep", "secret"):
            object.__setattr__(self, name, frozenset(map(plain_name, getattr(self, name))))

    def __or__(self, other: Rules) -> Rules:
        """What either of two adds; of two shapes of one name, the other's."""
        return Rules(
            keep=self.keep | other.keep,
            secret=self.secret | other.secret,
            shapes={**self.shapes, **other.shapes},
        )

    def keeps(self, name: str) -> bool:
        """Whether texts under *name* in JSON are kept."""
        plain = plain_name(name)
        return plain in KEYS or plain in self.keep

    def is_secret(self, name: str) -> bool:
        """Whether what goes by *name* is a credential."""
        plain = plain_name(name)
        return plain in self.secret or (plain not in self.keep and is_secret_name(plain))


def project_rules(path: Path) -> Rules:
    """Return the rules in the pyproject.toml of the project that has *path*: [tool.qrtest.redaction].

    Raises `CassetteError` for a file that cannot be read or a wrong table.
    """
    import tomllib

    for folder in path.absolute().parents:
        project = folder / "pyproject.toml"
        if project.is_file():
            try:
                table = tomllib.loads(project.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise CassetteError(f"{project}: it cannot be read: {error}.") from None
            own = table.get("tool", {}).get("qrtest", {}).get("redaction", {})
            return Rules.of(own, name=f"{project}: [tool.qrtest.redaction]")
    return Rules()


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
