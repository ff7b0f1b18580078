"""Passwords: hashed with argon2id, long rather than complicated, none that anybody would try first."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128
_FEWEST_CHARACTERS = 5
# What is tried first: common words, keyboard walks, and the words of this very trade, each with anything around.
_OBVIOUS = (
    "password", "passw0rd", "p@ssw0rd", "iloveyou", "letmein", "welcome", "administrator", "qwertyuiop",
    "1qaz2wsx", "qazwsxedc", "asdfghjkl", "zxcvbnm", "woaini", "12345678", "87654321", "11223344",
    "yiwujiaoyu", "jiaoyuju", "dezhou", "shandong", "密码", "义务教育", "优质均衡", "教育局", "德州", "山东",
)
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_BLOCKS, _BLOCK_LENGTH = 4, 5
# Argon2id at 19 MiB, two passes, one lane: as strong as OWASP asks, and small enough that guesses at the sign-in page
# do not take memory and both cores away from those who are answering.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Draw(Protocol):
    """Something that picks at random, such as ``secrets.SystemRandom``."""

    def choice(self, seq: Sequence[str], /) -> str:
        """Pick one."""


class PasswordFault(StrEnum):
    """Why a new password is refused."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    OBVIOUS = "obvious"


def normalised_password(password: str) -> str:
    """Return the one form of what somebody typed, whatever keyboard it came from."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    """Hash a password for keeping."""
    return _HASHER.hash(normalised_password(password))


def verify_password(kept_hash: str | None, password: str) -> bool:
    """Say whether a password is the kept one; without a kept one the same work is done for nothing."""
    attempt = normalised_password(password)[:LONGEST]
    try:
        return _HASHER.verify(kept_hash or nobodys_hash(), attempt) and kept_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def password_fault(password: str, login: str) -> PasswordFault | None:
    """Say why a new password will not do, or nothing."""
    text = normalised_password(password)
    if len(text) < SHORTEST:
        return PasswordFault.TOO_SHORT
    if len(text) > LONGEST:
        return PasswordFault.TOO_LONG
    plain = text.casefold()
    left = plain
    for word in (*_OBVIOUS, login.casefold()):
        left = left.replace(word, "")
    # Obvious is what has little left once the obvious is taken away, and what repeats a handful of characters.
    if len(left) < _FEWEST_CHARACTERS or len(set(plain)) < _FEWEST_CHARACTERS or _is_a_walk(plain):
        return PasswordFault.OBVIOUS
    return None


def random_password(draw: Draw) -> str:
    """Draw a first password: 100 bits, in blocks that can be read aloud."""
    blocks = ("".join(draw.choice(_ALPHABET) for _ in range(_BLOCK_LENGTH)) for _ in range(_BLOCKS))
    return "-".join(blocks)


def _is_a_walk(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(steps) == 1


@cache
def nobodys_hash() -> str:
    """Return what an unknown login's password is compared with; made once, so that no first answer is slower."""
    return _HASHER.hash("no account has this password")
