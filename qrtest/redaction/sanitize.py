"""Interactions to the text of a cassette: redacted, collapsed, scanned, and read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from qrtest.advice import page
from qrtest.cassette import codec
from qrtest.cassette.digests import Digests
from qrtest.cassette.model import Cassette, Interaction, Provenance, collapsed
from qrtest.errors import CassetteError, SecretFound
from qrtest.redaction import second_opinion
from qrtest.redaction.allowlist import Rules
from qrtest.redaction.public_names import public_names
from qrtest.redaction.redactor import Redacted, Redactor, redacted
from qrtest.redaction.used_values import used_values
from qrtest.service import serialize
from qrtest.service.instances import CRN

__all__ = ["KEY_VARIABLE", "provenance_of", "sanitized"]

KEY_VARIABLE: Final = "QRTEST_REDACTION_KEY"
"""The environment variable that holds the key of the placeholders."""

CLIENT: Final = "qiskit-ibm-runtime"
MOST_FINDINGS: Final = 10
ROUNDS: Final = 3
"""How often to redact again what a second opinion finds, before giving up."""


def sanitized(
    recorded: list[Interaction],
    *,
    before: tuple[Interaction, ...] = (),
    key: bytes,
    rules: Rules,
    name: str,
    as_json: bool = False,
    provenance: Provenance | None = None,
    digests: Digests | None = None,
) -> tuple[str, Cassette]:
    """Return the text of a cassette of what was *recorded*, and that cassette: redacted, collapsed, scanned.

    *before*: interactions that the file held already, *digests* what it kept of their requests. *key*
    makes the placeholders.

    Raises `SecretFound` when the scan of the text finds something.
    """
    session = _settled([*before, *recorded], key=key, rules=rules, digests=digests)
    used = used_values([*before, *recorded]) | session.known
    used -= public_names([*before, *recorded])
    search = second_opinion.Search(used)
    if provenance is not None:
        provenance = replace(provenance, client=Redactor(key, rules).text(provenance.client))
    for _ in range(ROUNDS):
        in_order = sorted(session.interactions, key=lambda interaction: interaction.at or 0.0)
        cassette = Cassette(
            collapsed(in_order), provenance or provenance_of(recorded), session.digests
        )
        text = codec.dumps(cassette, as_json=as_json)
        found = [*second_opinion.searched(text, cassette, search), *second_opinion.detected(text)]
        if not found:
            break
        session = session.without({value for _, value in found}, key=key)
    if found:
        findings = list(dict.fromkeys(finding for finding, _ in found))
        lines = "\n".join(f"  {finding}" for finding in findings[:MOST_FINDINGS])
        raise SecretFound(
            f"{name} was not saved: it would hold {len(findings)} secret(s).\n{lines}\n"
            f"Add the names or shapes to [tool.qrtest.redaction] in pyproject.toml: see {page('recording')}"
        )
    if codec.loads(text, name=name) != cassette:
        raise CassetteError(f"{name} was not saved: it would not read back as it was recorded.")
    return text, cassette


def _settled(
    interactions: list[Interaction], *, key: bytes, rules: Rules, digests: Digests | None
) -> Redacted:
    """Return *interactions* redacted until redacting again changes nothing."""
    redactor = Redactor(key, rules)
    session = redacted(interactions, key=key, digests=digests, redactor=redactor)
    for _ in range(ROUNDS):
        redactor = redactor.again()
        again = redacted(session.interactions, key=key, digests=session.digests, redactor=redactor)
        if again.interactions == session.interactions:
            break
        session = Redacted(again.interactions, session.known | again.known, again.digests)
    return session


def provenance_of(recorded: list[Interaction]) -> Provenance:
    """Return where a cassette of what was *recorded* just now comes from."""
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    return Provenance(
        client=_release(CLIENT),
        qrtest=_release("qrtest").rpartition(" ")[2],
        recorded=f"{now.isoformat()}Z",
        service="simulated" if any(map(_is_simulated, recorded)) else "real",
    )


def _is_simulated(interaction: Interaction) -> bool:
    """Return whether qrtest's own service answered: it has one account, and one user."""
    crn = interaction.request.header("Service-CRN")
    return crn == CRN or serialize.USER_ID.encode() in interaction.response.body


def _release(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""
