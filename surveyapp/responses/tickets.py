"""The ticket of a rendered form: a random submission key and its issue time, signed for one link and form."""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from surveyapp.responses.keys import DIGEST, KEY_BYTES
from surveyapp.responses.refusals import TicketInvalid

VALID_FOR = timedelta(hours=24)
# The first byte says which form of ticket this is: of a page first shown, or of one shown again.
FIRST, RENEWED = b"\x01", b"\x02"
TIME_BYTES = 6
SIGNATURE_BYTES = 32
LENGTH = len(FIRST) + KEY_BYTES + TIME_BYTES + SIGNATURE_BYTES
FIELD_LENGTH = LENGTH * 4 // 3 + (LENGTH % 3 > 0)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a genuine ticket says: which form this is, and when it was rendered.

    A form that is given back under a new key, filled in as it was, is ``renewed``: from when it was first shown
    its ticket does not say.
    """

    key: bytes
    issued_at: datetime
    renewed: bool = False

    def seconds_until(self, received_at: datetime) -> float | None:
        """Return how long the form was before somebody's eyes, ``None`` where its ticket does not say.

        Tickets know whole seconds, the earlier one, so that nobody looks faster than he was.
        """
        return None if self.renewed else max(0.0, (received_at - self.issued_at).total_seconds())


def issue_ticket(ticket: Ticket, *, subkey: bytes, link_token: str, questionnaire_id: str) -> str:
    """Sign a ticket for one link and one questionnaire."""
    issued = int(ticket.issued_at.timestamp()).to_bytes(TIME_BYTES, "big")
    payload = (RENEWED if ticket.renewed else FIRST) + ticket.key + issued
    signed = payload + _signature(payload, subkey, link_token, questionnaire_id)
    return urlsafe_b64encode(signed).rstrip(b"=").decode()


def read_ticket(text: str, *, subkey: bytes, link_token: str, questionnaire_id: str) -> Ticket:
    """Read a ticket back, if it was issued here for this link and this questionnaire."""
    try:
        signed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise TicketInvalid from error
    payload, signature = signed[:-SIGNATURE_BYTES], signed[-SIGNATURE_BYTES:]
    expected = _signature(payload, subkey, link_token, questionnaire_id)
    if len(signed) != LENGTH or payload[:1] not in {FIRST, RENEWED} or not hmac.compare_digest(signature, expected):
        raise TicketInvalid
    key, issued = payload[1 : 1 + KEY_BYTES], payload[1 + KEY_BYTES :]
    issued_at = datetime.fromtimestamp(int.from_bytes(issued, "big"), UTC)
    return Ticket(key, issued_at, renewed=payload[:1] == RENEWED)


def is_expired(issued_at: datetime, now: datetime) -> bool:
    """Say whether a ticket is too old to be used for the first time."""
    return now - issued_at > VALID_FOR


def _signature(payload: bytes, subkey: bytes, link_token: str, questionnaire_id: str) -> bytes:
    return hmac.digest(subkey, b"\0".join((payload, link_token.encode(), questionnaire_id.encode())), DIGEST)
