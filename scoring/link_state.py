"""What a link is remembered by while it is open: bounded counts that can be added up in any order.

A state keeps no response, no person and no instant: how many came, how their answers depart from each one's
prevailing answer, a sketch of repeated answers under a keyed hash, and the counts of the last day's buckets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BLANK = "-"
DONT_KNOW = "0"
CODES = "012345-"
"""The codes of an answer, in the order in which departures are counted."""
SKETCH_ROWS = 3
SKETCH_WIDTH = 256
RHYTHM_BUCKETS = 288
MOST_ITEMS = 40
MOST_BYTES = 4096
MOST_COUNT = 2_000_000
"""Beyond it a state stops learning: bounded for good, and no real link comes near it."""

_VERSION = 1
_MODES = 6
_CELL_BYTES = 4
_MORE = 0x80


@dataclass(frozen=True, slots=True)
class LinkState:
    """The counts of one link (one group at one school or office).

    ``n_responses`` and ``n_flagged`` count responses; ``prevailing`` (6,) how many have 1–5 as their
    prevailing answer, position 0 those with none; ``departures`` (items × 7) how many answered an item with a
    code other than their prevailing one; ``sketch`` (3 × 256) count-min rows of answer rows that are not
    plain; ``rhythm`` pairs of bucket number and count, ascending, of the last 288 buckets.
    """

    n_responses: int
    n_flagged: int
    prevailing: tuple[int, ...]
    departures: tuple[int, ...]
    sketch: tuple[int, ...]
    rhythm: tuple[tuple[int, int], ...]

    @property
    def n_items(self) -> int:
        """Return the number of items of the link's form."""
        return len(self.departures) // len(CODES)

    @property
    def n_varied(self) -> int:
        """Return how many responses the sketch holds: each of its rows counts every one once."""
        return sum(self.sketch[:SKETCH_WIDTH])


def empty_state(n_items: int) -> LinkState:
    """Return the state of a link that nobody has answered.

    Raises
    ------
    ValueError
        If the form has no item or more than 40.
    """
    if not 1 <= n_items <= MOST_ITEMS:
        raise ValueError(f"a form has 1 to {MOST_ITEMS} items")
    return LinkState(0, 0, (0,) * _MODES, (0,) * (n_items * len(CODES)), (0,) * (SKETCH_ROWS * SKETCH_WIDTH), ())


def prevailing_answer(answers: str, reversed_items: Sequence[bool]) -> str:
    """Return the code 1–5 most used on the direct items, the higher of equals; empty where none was used.

    >>> prevailing_answer("4454-0", (False,) * 6), prevailing_answer("4545", (False,) * 4)
    ('4', '5')
    """
    direct = [c for c, turned in zip(answers, reversed_items, strict=True) if not turned and c in "12345"]
    return max("54321", key=direct.count) if direct else ""


def is_plain(answers: str, reversed_items: Sequence[bool]) -> bool:
    """Say whether all direct items carry one and the same code, 不了解 and blanks aside.

    Contented people answer so in great numbers, and so do people in a hurry, the old and the angry. Such a row
    is never evidence, whatever the reversed item says.

    >>> is_plain("444-40", (False,) * 6), is_plain("4443", (False,) * 4)
    (True, False)
    >>> is_plain("4442", (False, False, False, True))
    True
    """
    return len({c for c, turned in zip(answers, reversed_items, strict=True) if not turned and c in "12345"}) <= 1


def departing(answers: str, prevailing: str) -> list[int]:
    """Return the positions in ``departures`` of every answer that is not the prevailing one.

    >>> departing("45", "4")
    [12]
    """
    width = len(CODES)
    return [i * width + CODES.index(c) for i, c in enumerate(answers) if c != prevailing]


def sketch_cells(answers: str, salt: bytes) -> tuple[int, ...]:
    """Return the position in each row of the sketch that counts this row of answers.

    ``salt`` (1–64 bytes) is the survey's secret: once it is destroyed nobody can ask the sketch for an answer.
    """
    if not 1 <= len(salt) <= hashlib.blake2b.MAX_KEY_SIZE:
        raise ValueError("the salt has 1 to 64 bytes")
    digest = hashlib.blake2b(answers.encode("ascii"), key=salt, digest_size=SKETCH_ROWS * _CELL_BYTES).digest()
    return tuple(
        row * SKETCH_WIDTH + int.from_bytes(digest[row * _CELL_BYTES : (row + 1) * _CELL_BYTES], "big") % SKETCH_WIDTH
        for row in range(SKETCH_ROWS)
    )


def observe(
    state: LinkState,
    answers: str,
    reversed_items: Sequence[bool],
    *,
    bucket: int | None,
    flagged: bool,
    salt: bytes,
    times: int = 1,
) -> LinkState:
    """Return the state after some responses with the same answers; ``bucket=None`` leaves no trace of when.

    A full state (two million responses) is returned as it is.
    """
    if state.n_responses + times > MOST_COUNT:
        return state
    prevailing = prevailing_answer(answers, reversed_items)
    modes = list(state.prevailing)
    modes[int(prevailing or 0)] += times
    departures = list(state.departures)
    for position in departing(answers, prevailing):
        departures[position] += times
    sketch = state.sketch
    if not is_plain(answers, reversed_items):
        cells = list(sketch)
        for position in sketch_cells(answers, salt):
            cells[position] += times
        sketch = tuple(cells)
    return LinkState(
        n_responses=state.n_responses + times,
        n_flagged=state.n_flagged + (times if flagged else 0),
        prevailing=tuple(modes),
        departures=tuple(departures),
        sketch=sketch,
        rhythm=state.rhythm if bucket is None else _joined(state.rhythm, ((bucket, times),)),
    )


def state_of_rows(
    n_items: int, rows: Iterable[tuple[str, bool, int]], reversed_items: Sequence[bool], *, salt: bytes
) -> LinkState:
    """Return the state of stored responses: answers, whether flagged, and how many of them; it knows no time.

    The same as ``observe``, without a bucket, of one row after another, in one pass over counts of its own.

    >>> state_of_rows(2, [("45", True, 3)], (False, False), salt=b"key").n_flagged
    3
    """
    empty = empty_state(n_items)
    prevailing, departures, sketch = list(empty.prevailing), list(empty.departures), list(empty.sketch)
    n_responses = n_flagged = 0
    for answers, flagged, times in rows:
        if n_responses + times > MOST_COUNT:
            continue
        n_responses += times
        n_flagged += times if flagged else 0
        answer = prevailing_answer(answers, reversed_items)
        prevailing[int(answer or 0)] += times
        for position in departing(answers, answer):
            departures[position] += times
        if not is_plain(answers, reversed_items):
            for position in sketch_cells(answers, salt):
                sketch[position] += times
    return LinkState(n_responses, n_flagged, tuple(prevailing), tuple(departures), tuple(sketch), ())


def merge(one: LinkState, other: LinkState) -> LinkState:
    """Return the state of two disjoint sets of responses to the same link.

    Associative and commutative, with the empty state as its neutral element: what several workers saw adds up
    to what one would have seen, in whatever order their parts arrive.

    Raises
    ------
    ValueError
        If the states belong to forms of different length.
    """
    if len(one.departures) != len(other.departures):
        raise ValueError("the states belong to forms of different length")
    return LinkState(
        n_responses=one.n_responses + other.n_responses,
        n_flagged=one.n_flagged + other.n_flagged,
        prevailing=_sum(one.prevailing, other.prevailing),
        departures=_sum(one.departures, other.departures),
        sketch=_sum(one.sketch, other.sketch),
        rhythm=_joined(one.rhythm, other.rhythm),
    )


def without_rhythm(state: LinkState) -> LinkState:
    """Return the state without its buckets: the form in which it may be stored, for it then knows no time."""
    return LinkState(state.n_responses, state.n_flagged, state.prevailing, state.departures, state.sketch, ())


def state_bytes(state: LinkState) -> bytes:
    """Return a state as at most 4,096 bytes (forms of up to 40 items, links of up to two million responses).

    >>> len(state_bytes(empty_state(12)))
    863
    """
    out = bytearray((_VERSION,))
    counts = (state.n_items, state.n_responses, state.n_flagged)
    for number in (*counts, *state.prevailing, *state.departures, *state.sketch, len(state.rhythm)):
        _put(out, number)
    before = 0
    for bucket, count in state.rhythm:
        _put(out, bucket - before)
        _put(out, count)
        before = bucket
    return bytes(out)


def state_of(data: bytes) -> LinkState:
    """Return the state of some bytes; the inverse of ``state_bytes``.

    Raises
    ------
    ValueError
        If the bytes are of another version, too few or too many.
    """
    if data[:1] != bytes((_VERSION,)) or len(data) > MOST_BYTES:
        raise ValueError("not a link state of this version")
    numbers = _numbers(data[1:])
    n_items = numbers[0] if numbers else 0
    if not 1 <= n_items <= MOST_ITEMS:
        raise ValueError("a link state of no form")
    ends = [3, 3 + _MODES]
    ends.append(ends[-1] + n_items * len(CODES))
    ends.append(ends[-1] + SKETCH_ROWS * SKETCH_WIDTH)
    pairs = numbers[ends[3] + 1 :]
    if len(numbers) <= ends[3] or len(pairs) != 2 * numbers[ends[3]]:
        raise ValueError("a link state cut short or with something behind it")
    rhythm = []
    bucket = 0
    for step, count in zip(pairs[::2], pairs[1::2], strict=True):
        bucket += step
        rhythm.append((bucket, count))
    return LinkState(
        n_responses=numbers[1],
        n_flagged=numbers[2],
        prevailing=tuple(numbers[ends[0] : ends[1]]),
        departures=tuple(numbers[ends[1] : ends[2]]),
        sketch=tuple(numbers[ends[2] : ends[3]]),
        rhythm=tuple(rhythm),
    )


def _sum(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _joined(one: Iterable[tuple[int, int]], other: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    counts = dict(one)
    for bucket, count in other:
        counts[bucket] = counts.get(bucket, 0) + count
    # What is dropped here would be dropped by every later join as well, so the order of joins is free.
    oldest = max(counts, default=0) - RHYTHM_BUCKETS
    return tuple((bucket, counts[bucket]) for bucket in sorted(counts) if bucket > oldest)


def _put(out: bytearray, number: int) -> None:
    while number >= _MORE:
        out.append(number % _MORE + _MORE)
        number //= _MORE
    out.append(number)


def _numbers(data: bytes) -> list[int]:
    numbers, number, weight = [], 0, 1
    for byte in data:
        number += byte % _MORE * weight
        weight *= _MORE
        if byte < _MORE:
            numbers.append(number)
            number, weight = 0, 1
    if weight != 1:
        raise ValueError("a link state cut short or with something behind it")
    return numbers
