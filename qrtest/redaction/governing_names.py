"""Names that say what goes by them: a credential, or who somebody is; and names of measures, which do not.

`user_id`, `phone`, `api_key` govern a value beside them and all that stands below them, in whatever format.
Names are compared without case, hyphens and underscores.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["governs", "identifies", "is_measure", "is_secret_name", "plain_name"]


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """Return *name* as it is compared.

    >>> plain_name("X-Access_Token")
    'xaccesstoken'
    """
    return name.replace("-", "").replace("_", "").lower()


def _names(text: str) -> frozenset[str]:
    return frozenset(map(plain_name, text.split()))


SECRET_NAME: Final = re.compile(
    r"token|secret|passw|pwd$|^pw$|passphrase|passcode|credential|creds$|signature|^sig$|cookie|authorization|^auth$"
    r"|(?:api|access|private|signing|session|encryption|master|hmac|ssh|account|storage|shared|license|licence|subscription|consumer|client|deploy|webhook|activation)key(?:s|id)?$"
    r"|apikey|keyid$|xauth|jwt|bearer|hmac|^otp$|totp|^pin$|pincode|csrf|xsrf|assertion|refresh$|clientid|saml|sessid"
    r"|jsessionid|kennwort|contrase|motdepasse|^passe$|wachtwoord|^senha$|^clave$|^parola$|пароль|パスワード|密码|비밀번호|identifiedby|certificate|^code(?:verifier|challenge)$|^salt$|(?:ssh|sudo|become|db|database|smtp|ftp|mail|imap|ldap|redis|mysql|user|admin|root|proxy|auth|wifi|require|store|key)pass$"
    r"|^psk$|presharedkey$|mnemonic|seedphrase|^cvv$|^cvc$|^cvv2$|^cvc2$|securitycode$|cardnumber|^card$|^iban$|^ssn$"
)
MEASURE: Final = re.compile(
    r"(?:count|counts|limit|limits|max|min|num|number|length|len|size|sizes|type|types|kind|index|used|usage|remaining"
    r"|budget|expir\w*|expires\w*|ttl|lifetime|age|at|seconds|secs|time|date|status|state|format|scheme|algorithm|url|uri"
    r"|endpoint|policy|rotation|enabled|required|valid|present|exists|created|updated|version|total|cost|rate|name"
    r"|prefix)$|^(?:max|min|num|total|is|has|have|require|requires|allow|needs|no|use|uses|expires|expired)"
    r"(?=(?:valid|active|new|login|api|access)?(?:token|secret|passw|credential|cookie|auth|key|jwt|signature))"
)
"""Names of measures of a secret, and of facts about one: `token_count`, `password_policy`, `hascookie`."""

_FACTS: Final = _names(
    "max min num total is has have require requires allow needs no use uses expires expired"
)
"""What the name of such a fact begins with, where its words stand apart: `has_second_token`."""

IDENTITIES: Final = {
    "user": _names(
        """
        user users user_id userid uid iam_id iamid usernames username user_name login logins owner
        owners created_by createdby updated_by modified_by deleted_by approved_by submitted_by
        author authors sub subject realmid realmed_userid given_name family_name first_name
        firstname last_name lastname middle_name full_name fullname surname nickname
        preferred_username principal principal_id requester submitter person persons people
        customer_name maiden_name assignee reviewer employee employee_id member members contact_name
        utilisateur benutzer benutzername nutzername usuario utente gebruiker apellido
        attn displayed_user actor operator_id screen_name handle birthdate birthday date_of_birth
        dob common_name
        """
    ),
    "email": _names(
        """
        email emails e_mail mail email_address contact contacts recipient recipients cc bcc reply_to
        """
    ),
    "account": _names(
        """
        account accounts account_id accountid account_number account_name bss_account bss_account_id
        tenant tenants tenant_id customer customers customer_id organization organizations
        organization_id organisation organisations organisation_id org orgs org_id subscription_id
        ims ims_user_id ims_account billing_account company employer enterprise enterprise_id
        """
    ),
    "provider": _names(
        """
        hub group project provider hubs groups projects
        """
    ),
    "instance": _names(
        """
        instance_id instanceid resource_instance_id guid resource_id account_crn
        """
    ),
    "ip": _names(
        """
        ip ips ip_address ipaddress client_ip remote_addr x_forwarded_for remote_address remote_ip
        source_ip mac_address hostip
        """
    ),
    "phone": _names(
        """
        phone phones phone_number telephone tel mobile mobile_number fax msisdn
        """
    ),
    "address": _names(
        """
        address addresses street street_address postal_address postcode zip zipcode postal_code city
        billing_address shipping_address latitude longitude
        """
    ),
}
_MEASURES: Final = _names(
    """
    count counts total num jobs usage used second seconds minute minutes hour hours day days
    time times timestamp size sizes limit limits created updated expires expiry expiration
    expire at iat exp nbf shots passes cost quota max min ttl duration interval ns ms rate version year
    """
)
_NAME_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_IDENTITY_OF: Final = {name: kind for kind, names in IDENTITIES.items() for name in names}
LONGEST: Final = 80
MOST_PARTS: Final = 8
_BEFORE: Final = _names(
    "my your his her our their the a new old x current own main actual submitted"
)
_AFTER: Final = _names("value val values hash string str text raw list array digits is was")
"""What a name that governs is varied by, and means the same."""

_ORDINARY: Final = _names(
    "group groups project projects provider address hub subject login sub contact mail zip city ip cc"
)
"""Names that govern by themselves, and are ordinary words behind another one: `last_login`."""

_CLEAR: Final = _names(
    """
    phone telephone mobile msisdn email username pin otp account customer owner tenant user
    """
)
"""Names that govern also as the last part of a longer one: `emergency_phone`."""

_NUMBER_NAME: Final = re.compile(
    r"(?:id|ids|uid|number|numbers|nr)$|phone|mobile|^tel$|^fax$|^msisdn$"
)
_NUMBERED: Final = re.compile(r"[0-9]{2,}")
"""Digits of which only one question is asked, whether there are any: names that are numbered are one name."""

_NOT_ALNUM: Final = re.compile(r"[\W_]+")
_SUFFIX: Final = re.compile(
    r"(?:^|[a-z])(userid|username|useremail|emailaddress|phonenumber|accountid|accountnumber|tenantid|customerid"
    r"|iamid|ipaddress|firstname|lastname|fullname)$"
)


def governs(name: str) -> str:
    """Return what goes by *name*: "token" for a credential, a kind of identity, or "" for neither.

    >>> governs("X-Access-Token"), governs("user_id"), governs("token_count"), governs("status")
    ('token', 'user', '', '')
    """
    return _governs(_NUMBERED.sub("00", name) if len(name) <= LONGEST else name)


@lru_cache(maxsize=8192)
def _governs(name: str) -> str:
    plain = _NOT_ALNUM.sub("", name).lower()
    if not plain or plain.startswith("redacted"):
        return ""
    kind = _IDENTITY_OF.get(plain)
    if kind is not None:
        return kind
    if SECRET_NAME.search(plain):
        return "token" if plain == "cardnumber" or not _is_fact(name, plain) else ""
    found = _SUFFIX.search(plain)
    return _IDENTITY_OF.get(found[1], "user") if found else _of_parts(name)


def _is_fact(name: str, plain: str) -> bool:
    """Return whether *name*, *plain* without what separates its words, is that of a fact about a secret."""
    if MEASURE.search(plain):
        return True
    words = [word.lower() for word in _NAME_PARTS.findall(name[:LONGEST])]
    return len(words) > 1 and words[0] in _FACTS


def _of_parts(name: str) -> str:
    """Return what goes by the name that *name* varies: `user_ids`, `my_phone`, `USER_ID_2`, `pin_value`."""
    parts = [part.lower() for part in _NAME_PARTS.findall(name[:LONGEST])]
    if len(parts) > MOST_PARTS or not _MEASURES.isdisjoint(parts):
        return ""
    while len(parts) > 1 and parts[0] in _BEFORE:
        del parts[0]
    while len(parts) > 1 and parts[-1] in _AFTER:
        del parts[-1]
    plain = "".join(parts)
    last = parts[-1] if parts else ""
    candidates = [plain, plain.removesuffix("s"), "".join(parts[1:])]
    candidates += [each for each in (last, last.removesuffix("s")) if each in _CLEAR]
    for each in candidates:
        if each in _IDENTITY_OF and (each not in _ORDINARY or each == plain.removesuffix("s")):
            return _IDENTITY_OF[each]
        if SECRET_NAME.search(each) and not _is_fact(name, plain):
            return "token"
    return ""


@lru_cache(maxsize=8192)
def identifies(name: str) -> bool:
    """Return whether a number of any length under *name* is that of a person or an account.

    >>> identifies("user_id"), identifies("phone"), identifies("users"), identifies("account")
    (True, True, False, False)
    """
    return _NUMBER_NAME.search(plain_name(name)) is not None


def is_secret_name(name: str) -> bool:
    """Return whether what goes by *name* is a credential.

    >>> is_secret_name("X-Access-Token"), is_secret_name("status")
    (True, False)
    """
    return governs(name) == "token"


@lru_cache(maxsize=8192)
def is_measure(name: str) -> bool:
    """Return whether a number under *name* is a measure or a time, whatever it is of.

    >>> is_measure("max_jobs"), is_measure("expiresAt"), is_measure("admin_id"), is_measure("n")
    (True, True, False, False)
    """
    parts = [part.lower() for part in _NAME_PARTS.findall(name)]
    return not _MEASURES.isdisjoint(parts) or ("number" in parts and "of" in parts)
