"""What the secrets make: sub-keys, tickets, marks and receipts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.responses.keys import (
    KeyPurpose,
    hkdf,
    is_receipt,
    mark_of_body,
    mark_of_form,
    receipt_number,
    subkey,
    write_receipt,
)
from surveyapp.responses.refusals import TicketInvalid
from surveyapp.responses.tickets import Ticket, is_expired, issue_ticket, read_ticket

KEY = bytes(range(16))
ISSUED = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SUBKEY = b"s" * 32
LINK = "l" * 24
FORM = "parent-2026.1"


# RFC 5869, appendix A, test cases 1 to 3 (SHA-256).
@pytest.mark.parametrize(("secret", "salt", "info", "length", "expected"), [
    (b"\x0b" * 22, bytes(range(0x0D)), bytes(range(0xF0, 0xFA)), 42,
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
    (bytes(range(0x50)), bytes(range(0x60, 0xB0)), bytes(range(0xB0, 0x100)), 82,
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
     "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"),
    (b"\x0b" * 22, b"", b"", 42,
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
])
def test_hkdf_is_rfc_5869(secret: bytes, salt: bytes, info: bytes, length: int, expected: str) -> None:
    assert hkdf(secret, salt=salt, info=info, length=length).hex() == expected


def test_every_purpose_has_a_key_of_its_own() -> None:
    keys = {subkey(b"x" * 32, purpose) for purpose in KeyPurpose}
    assert len(keys) == len(KeyPurpose)
    assert b"x" * 32 not in keys


def ticket_text(subkey: bytes = SUBKEY, link: str = LINK, form: str = FORM) -> str:
    """Sign the ticket the tests read."""
    return issue_ticket(Ticket(KEY, ISSUED), subkey=subkey, link_token=link, questionnaire_id=form)


def test_a_ticket_says_which_form_it_is_and_when_it_was_rendered() -> None:
    found = read_ticket(ticket_text(), subkey=SUBKEY, link_token=LINK, questionnaire_id=FORM)
    assert found == Ticket(KEY, ISSUED)
    assert found.seconds_until(ISSUED + timedelta(seconds=90)) == 90
    assert found.seconds_until(ISSUED - timedelta(seconds=90)) == 0


def test_a_renewed_ticket_says_so_and_knows_no_time() -> None:
    renewed = Ticket(KEY, ISSUED, renewed=True)
    text = issue_ticket(renewed, subkey=SUBKEY, link_token=LINK, questionnaire_id=FORM)
    found = read_ticket(text, subkey=SUBKEY, link_token=LINK, questionnaire_id=FORM)
    assert found == renewed
    assert found.seconds_until(ISSUED + timedelta(seconds=90)) is None


@pytest.mark.parametrize("text", [
    ticket_text(subkey=b"t" * 32),
    ticket_text(link="m" * 24),
    ticket_text(form="parent-2026.2"),
    ticket_text()[:-1],
    ticket_text() + "A",
    "",
    "é" * 74,
    "A" * 74,
], ids=["other secret", "other link", "other form", "shorter", "longer", "empty", "not base64", "never signed"])
def test_a_ticket_from_anywhere_else_is_refused(text: str) -> None:
    with pytest.raises(TicketInvalid):
        read_ticket(text, subkey=SUBKEY, link_token=LINK, questionnaire_id=FORM)


@given(st.integers(0, len(ticket_text()) - 1), st.sampled_from("ABCDEFGHIJKLMNOPabcdefghijklmnop0123456789-_"))
def test_no_character_of_a_ticket_can_be_changed(at: int, character: str) -> None:
    text = ticket_text()
    changed = text[:at] + character + text[at + 1 :]
    try:
        found = read_ticket(changed, subkey=SUBKEY, link_token=LINK, questionnaire_id=FORM)
    except TicketInvalid:
        return
    # The last character carries spare bits; whatever it is then, the ticket says the same.
    assert found == Ticket(KEY, ISSUED)
    assert changed == text or at == len(text) - 1


def test_a_ticket_is_good_for_24_hours() -> None:
    day = timedelta(hours=24)
    assert not is_expired(ISSUED, ISSUED)
    assert not is_expired(ISSUED, ISSUED + day)
    assert is_expired(ISSUED, ISSUED + day + timedelta(microseconds=1))


def test_marks_depend_on_the_survey_s_secret_the_key_and_what_was_sent() -> None:
    marks = {
        mark_of_form(b"a" * 32, KEY), mark_of_form(b"b" * 32, KEY), mark_of_form(b"a" * 32, b"k" * 16),
        mark_of_body(b"a" * 32, KEY, b"5"), mark_of_body(b"a" * 32, KEY, b"4"),
        mark_of_body(b"b" * 32, KEY, b"5"), mark_of_body(b"a" * 32, b"k" * 16, b"5"),
    }
    assert len(marks) == 7


def test_a_receipt_is_read_back_however_it_was_typed() -> None:
    receipt = write_receipt(receipt_number(b"a" * 32, KEY), SUBKEY)
    assert is_receipt(receipt, SUBKEY)
    assert is_receipt(receipt.lower(), SUBKEY)
    assert is_receipt(receipt.replace("-", ""), SUBKEY)
    assert not is_receipt(receipt, b"t" * 32)


def test_a_receipt_copied_by_hand_may_say_o_for_nought_and_l_for_one() -> None:
    receipts = [write_receipt(receipt_number(b"a" * 32, bytes([n] * 16)), SUBKEY) for n in range(40)]
    with_both = [text for text in receipts if "0" in text and "1" in text]
    assert len(with_both) > 3
    for text in with_both:
        assert is_receipt(text.replace("0", "O").replace("1", "l", 1).replace("1", "I"), SUBKEY)


@given(st.integers(0, 28), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_a_receipt_with_a_slip_is_not_one(at: int, character: str) -> None:
    receipt = write_receipt(receipt_number(b"a" * 32, KEY), SUBKEY)
    slipped = receipt[:at] + character + receipt[at + 1 :]
    if receipt[at] != "-":
        assert is_receipt(slipped, SUBKEY) is (slipped == receipt)


@pytest.mark.parametrize("text", ["", "-", "A" * 24, "é" * 24, "0" * 8, "\0" * 24, "=" * 24, "A" * 5000, "UUUU"])
def test_what_was_never_written_here_is_no_receipt(text: str) -> None:
    assert not is_receipt(text, SUBKEY)
