"""Sub-keys of the installation's secret, and what a survey's own secret makes of a submission key."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32decode, b32encode
from enum import StrEnum
from functools import lru_cache

DIGEST = "sha256"
KEY_BYTES = 16
RECEIPT_BYTES = 10
CHECK_BYTES = 5
GROUP_LENGTH = 4
# Crockford's alphabet: nobody reading a receipt aloud can take one letter for another.
PLAIN_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
SPOKEN_ALPHABET = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TO_SPOKEN = bytes.maketrans(PLAIN_ALPHABET, SPOKEN_ALPHABET)
# What people write for 1 and 0 is read as that; U is no letter of it.
FROM_SPOKEN = bytes.maketrans(SPOKEN_ALPHABET + b"ILOU", PLAIN_ALPHABET + b"BBA!")


class KeyPurpose(StrEnum):
    """What a sub-key is for; two purposes never share one."""

    TICKET = "respondent form ticket v1"
    RECEIPT = "respondent receipt check v1"
    DEMONSTRATION_RECEIPT = "demonstration receipt check v1"


def hkdf(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    """Derive key material from a secret by HKDF with SHA-256 (RFC 5869)."""
    extracted = hmac.digest(salt or bytes(hashlib.new(DIGEST).digest_size), secret, DIGEST)
    material = block = b""
    for counter in range(1, 256):
        if len(material) >= length:
            break
        block = hmac.digest(extracted, block + info + bytes([counter]), DIGEST)
        material += block
    return material[:length]


@lru_cache(maxsize=16)
def subkey(secret: bytes, purpose: KeyPurpose) -> bytes:
    """Return the installation's key for one purpose."""
    return hkdf(secret, salt=b"", info=purpose.value.encode(), length=32)


def flag_salt(survey_secret: bytes) -> bytes:
    """Return what a survey's repeated answers are counted under, so that no count can be asked for an answer."""
    return hkdf(survey_secret, salt=b"", info=b"flags v1", length=32)


def mark_of_form(survey_secret: bytes, key: bytes) -> bytes:
    """Return the mark a used form leaves; without the survey's secret it says nothing of the key."""
    return hmac.digest(survey_secret, b"form\0" + key, DIGEST)


def mark_of_body(survey_secret: bytes, key: bytes, body: bytes) -> bytes:
    """Return the mark of what was sent.

    The key goes in as well: whoever holds the survey's secret and the stored responses still cannot try
    answers against marks, because the key is kept nowhere.
    """
    return hmac.digest(survey_secret, b"body\0" + key + body, DIGEST)


def receipt_number(survey_secret: bytes, key: bytes) -> bytes:
    """Return the number a form's receipt carries: the same whenever the same form is sent."""
    return hmac.digest(survey_secret, b"receipt\0" + key, DIGEST)[:RECEIPT_BYTES]


def write_receipt(number: bytes, check_key: bytes) -> str:
    """Write a receipt for people: number and check, in groups of four."""
    text = b32encode(number + _check(number, check_key)).translate(TO_SPOKEN).decode()
    return "-".join(text[i : i + GROUP_LENGTH] for i in range(0, len(text), GROUP_LENGTH))


def is_receipt(text: str, check_key: bytes) -> bool:
    """Say whether a receipt was written here, which only happens after an answer was stored."""
    plain = text.upper().replace("-", "").encode("ascii", "replace").translate(FROM_SPOKEN)
    try:
        raw = b32decode(plain)
    except ValueError:
        return False
    number, check = raw[:RECEIPT_BYTES], raw[RECEIPT_BYTES:]
    return hmac.compare_digest(check, _check(number, check_key))


def _check(number: bytes, check_key: bytes) -> bytes:
    return hmac.digest(check_key, number, DIGEST)[:CHECK_BYTES]
