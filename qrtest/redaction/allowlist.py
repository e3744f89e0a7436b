"""What may be kept in a cassette: names that are known to hold no secret. Everything else is not kept.

Names are compared without case, hyphens and underscores. Sources of the names: the REST API's
description, captured payloads, and what releases 0.26 to 0.51 of the client send and read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from qrtest.errors import CassetteError
from qrtest.redaction.governing_names import governs, is_secret_name, plain_name

__all__ = ["Rules", "governs", "is_secret_name", "plain_name", "project_rules"]


def _names(text: str) -> frozenset[str]:
    return frozenset(map(plain_name, text.split()))


METHODS: Final = frozenset(
    """
    GET POST PUT PATCH DELETE HEAD OPTIONS TRACE CONNECT PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK
    REPORT SEARCH LINK UNLINK PURGE QUERY
    """.split()  # noqa: SIM905 (a list of so many words is read better as lines)
)
OTHER_METHOD: Final = "REDACTED"
"""What stands for any other method."""

REQUEST_HEADERS: Final = _names(
    """
    Content-Type IBM-API-Version Parent-Job-Id IBM-API-Function-Id
    """
)
RESPONSE_HEADERS: Final = _names(
    """
    Content-Type Content-Length Location Retry-After Link Allow
    """
)
QUERY: Final = _names(
    """
    backend calibration_id created_after created_before exclude_params fields include_mocks
    limit offset pending program search session_id sort tags type updated_before version
    grant_type
    """
)
FORM: Final = _names(
    """
    grant_type response_type scope limit
    """
)
KEYS: Final = _names(
    """
    id jobs job_id backend backend_name backends devices device state status reason reason_code
    reasonCode reason_solution errors error code message solution more_info trace detail details
    program program_id runtime tags created ended running finished created_at updated_at
    session_id mode state_reason accepting_jobs started_at activated_at closed_at
    last_job_started last_job_completed timestamps timestamp calibration_id usage bss metadata
    version versions sunset_date qiskit_version estimated_start_time estimated_completion_time
    name title description crn instance service_plan_unique_id items search_cursor query fields
    overview_ui en display_name pricing kind type __type__ __module__ __class__ field_names
    field_types shape dtype semantic_role schema_version log_level program_runtime instance_plan
    plan_id usage_period start_time end_time query_string sequence_type amplifier extrapolator
    noise_factors layers_to_learn environment job_tags meas_type meas_level init_qubits
    default_shots execution_path support_qiskit options resilience twirling strategy
    dynamical_decoupling scheduling_method slack_distribution extra_slack_distribution
    skip_reset_qubits circuits qpy_version results samples observables labels chunk_timing start
    stop parts uri url urls href rel http ws services next previous first last total count level
    queue_length length_queue backend_version processor_type family revision segment clops log
    logs msg text comment warning warnings info hint summary explanation exception traceback
    error_description error_message status_message event caller
    """
)
DATA_KEYS: Final = _names(
    """
    __value__ b64_data data array
    """
)
"""Names of encoded arrays and circuits: kept when they decode to what is no text."""

MARKUP: Final = _names(
    """
    html head body title meta div span table tbody thead tr td th ul ol li a p br hr h1 h2 h3 h4
    h5 h6 center nav footer header section article main strong em b i small code pre img svg
    link style noscript class lang charset content rel alt width height align role xmlns
    viewport http-equiv src action method fetchpriority referrerpolicy crossorigin contenteditable
    autocapitalize autocomplete spellcheck textarea blockquote figcaption colgroup fieldset optgroup
    """
)
"""Elements and attributes of HTML: what is in them is free text."""

LABELS: Final = _names(
    """
    name names title tags job_tags labels display_name field_names observables
    """
)
"""Names of what people call their things: kept when they are words, identifiers of registers included."""

DIGESTS: Final = _names(
    """
    nonce etag digest hash checksum sha sha1 sha256 commit revision
    """
)
"""Names of what is computed from a content, or made for one request: kept as ids are, in a query, too."""

IDS: Final = DIGESTS | _names(
    """
    id job_id session_id calibration_id parent_job_id parentjobid program_id trace request_id
    """
)
"""Names of ids that chain requests: kept in the forms that the service gives them."""

ENUMERATIONS: Final = _names(
    """
    status state type kind role mode plan level active enabled currency tier format token_type
    """
)
"""Names of what is one of a few words, also below an identity."""

REGISTERS: Final = _names(
    """
    register registers creg cregs qreg qregs classical_register classical_registers
    quantum_register quantum_registers creg_name qreg_name creg_names qreg_names creg_sizes
    qreg_sizes clbit_labels qubit_labels register_name register_names memory_name
    """
)
"""Names of registers of a circuit: what stands under them is kept when it is an identifier."""

WEAK_SECRETS: Final = _names(
    """
    key keys
    """
)
"""Names of keys of any kind: a value under one is a credential only when it looks random."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a project adds to redaction.

    *keep*: names of JSON whose texts are kept. *words*: words that free text may keep. *secret*: names of
    credentials. *shapes*: what secrets of its own look like, as regular expressions with a name each.

    >>> Rules(keep=frozenset({"flavour"})).keeps("Flavour")
    True
    """

    keep: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    shapes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Mapping[str, Any], *, name: str = "[tool.qrtest.redaction]") -> Rules:
        """Return the rules in a *table* of a project. Raises `CassetteError` for a wrong one."""
        unknown = set(table) - {"keep", "words", "secret", "shapes"}
        if unknown:
            raise CassetteError(
                f"{name}: there is no {min(unknown)!r}: there are keep, words, secret and shapes."
            )
        for key in ("keep", "words", "secret"):
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
            words=frozenset(table.get("words", ())),
            secret=frozenset(table.get("secret", ())),
            shapes=dict(shapes),
        )

    def __post_init__(self) -> None:
        for name in ("keep", "secret"):
            object.__setattr__(self, name, frozenset(map(plain_name, getattr(self, name))))
        object.__setattr__(self, "words", frozenset(word.lower() for word in self.words))

    def __or__(self, other: Rules) -> Rules:
        """Return what either of two adds; of two shapes of one name, the other's."""
        return Rules(
            keep=self.keep | other.keep,
            words=self.words | other.words,
            secret=self.secret | other.secret,
            shapes={**self.shapes, **other.shapes},
        )

    def keeps(self, name: str) -> bool:
        """Return whether texts under *name* are free text: their words are looked at one by one."""
        plain = plain_name(name)
        return plain in KEYS or plain in MARKUP or plain in FORM or plain in self.keep

    def governs(self, name: str) -> str:
        """Return what goes by *name*, as `governs`, by the rules of the project first."""
        plain = plain_name(name)
        if plain in self.secret:
            return "token"
        if plain in self.keep:
            return ""
        return governs(name) or (governs(_last(name)) if _OF_SEVERAL.search(name) else "")


_OF_SEVERAL: Final = re.compile(r"[\[.:/]")


def _last(name: str) -> str:
    """Return the last part of a *name* of several: `pin` of `auth[pin]`, or of `login.pin`."""
    found = [part for part in re.split(r"[\[\].:/]", name) if part]
    return found[-1] if found else ""


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
