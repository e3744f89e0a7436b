"""Numbers after the name of a person or an account in free text: replaced; counts and durations stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.redaction.redactor import Redactor
from tests.redaction.canaries import answered, clean, text_of


@pytest.mark.parametrize(
    "text",
    [
        "user id {}",
        "login of user id {} failed",
        "User ID {}.",
        "user id: {}",
        "user with id {}",
        "the user jane has id {}",
        "account {}",
        "account no {}",
        "Account number is {}",
        "customer no. {}",
        "customer #{}",
        "member {} logged in",
        "phone {}",
        "pin {}",
        "instance id {}",
    ],
)
@given(number=st.integers(10_000, 10**15).map(str))
def test_a_number_after_an_identifying_name_is_replaced(text: str, number: str) -> None:
    """Whether a label stands between, or nothing but a blank."""
    assert number not in Redactor(b"key").text(text.format(number))


@pytest.mark.parametrize(
    "number", ["0170 1234567", "0170/1234567", "(030) 1234-5678", "+49 170 1234567"]
)
@pytest.mark.parametrize("text", ["phone {}", "mobile: {}", "call phone no. {} today"])
def test_all_groups_of_a_telephone_number_are_replaced(text: str, number: str) -> None:
    """No group of its digits is left beside the placeholder."""
    clean = Redactor(b"key").text(text.format(number))
    assert not any(group in clean for group in ("0170", "1234567", "030", "1234-5678", "49 "))


@pytest.mark.parametrize(
    "text",
    [
        "account has 12345 jobs left",
        "account usage 12000 seconds",
        "user ran 100000 shots",
        "user quota 100000 exceeded",
        "user error at line 12345",
        "qubit 12345 of user 3",
        "project 100000 shots",
        "instance used 120000 ms",
        "group 4096",
        "user waited 12345 s at 12:00:01",
    ],
)
def test_counts_durations_qubits_and_lines_are_kept(text: str) -> None:
    """They stand in the same sentence as a name, and identify nobody."""
    assert Redactor(b"key").text(text) == text


def test_redacting_again_changes_nothing() -> None:
    """What stands for a number is not taken for a part of a name."""
    clean = Redactor(b"key").text("user id 48213377, phone 0170 1234567, customer no. 99887766")
    assert Redactor(b"another key").text(clean) == clean


def test_the_numbers_of_a_payment_card_are_replaced() -> None:
    """The number, and the code of three digits; counts of cards stay."""
    body = {"card": 4111111111111111, "security_code": 98765432, "cvv": 739, "cards": 3}
    kept = text_of(clean([answered(body)]))
    assert not any(digits in kept for digits in ("4111111", "98765432", ": 739"))
    assert '"cards": 3' in kept
