"""Responses as arrays of codes: what a tally counts, and nothing that could say who answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scoring.questionnaire import GROUPS, Form, Group, QuestionnaireSet

Int8Array = NDArray[np.int8]
Int32Array = NDArray[np.int32]
UInt32Array = NDArray[np.uint32]
BoolArray = NDArray[np.bool_]
IdArray = NDArray[np.void]

BLANK = -1
BLANK_CHARACTER = "-"
POOLED_CLUSTER = ""
ALWAYS_POOLED = (Group.PRINCIPAL, Group.DEPUTY, Group.CPPCC)
"""Groups so small and so well known that a cluster would name a person."""
MOST_FLAG_CODES = 32
ID_LENGTH = 32
ID_BYTES = ID_LENGTH // 2
MOST_CLUSTERS = 10_000
"""Schools and offices one survey may name: several times what the largest county has."""

_ID = re.compile(r"[0-9a-f]{32}")
FLAG_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    """One response on its way into or out of a table.

    ``response_id`` is 32 hexadecimal digits drawn at sealing, never the receipt; ``cluster`` the school or
    office, empty where pooled; ``answers`` one character per item of the form: ``0``–``5``, ``-`` for blank.
    """

    response_id: str
    group: Group
    cluster: str
    form: Form
    answers: str
    flags: tuple[str, ...] = ()
    voided: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class FormResponses:
    """All responses to one form, n of them with k items.

    ``response_ids`` (n,) the 16 bytes of each id; ``groups`` (n,) positions in ``GROUPS``; ``clusters`` (n,)
    positions in the table's cluster names; ``answers`` (n, k) codes 0 to 5, -1 for blank, best laid
    out item by item in memory (Fortran order); ``flags`` (n,) a bit per flag code of the table; ``voided`` (n,).
    """

    form: Form
    response_ids: IdArray
    groups: Int8Array
    clusters: Int32Array
    answers: Int8Array
    flags: UInt32Array
    voided: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class ResponseTable:
    """All responses of a survey, one block of arrays per form; cluster 0 is the pooled one."""

    cluster_names: tuple[str, ...]
    flag_codes: tuple[str, ...]
    forms: tuple[FormResponses, ...]

    @property
    def n_responses(self) -> int:
        """Return the number of responses, voided ones included."""
        return sum(len(block.groups) for block in self.forms)


def response_table(records: Iterable[ResponseRecord], questionnaires: QuestionnaireSet) -> ResponseTable:
    """Return the table of some responses.

    Parameters
    ----------
    records : iterable of ResponseRecord
        In any order; the table does not keep it.
    questionnaires : QuestionnaireSet
        Which form serves which group, and how many items each form has.

    Returns
    -------
    ResponseTable
        Blocks in the order of the questionnaires, rows in the order of their ids.

    Raises
    ------
    ValueError
        If a record's form does not serve its group, its answers do not fit the form, its id or a flag code is
        not of its kind, an id occurs twice, or there are more than 32 flag codes.
    """
    rows = sorted(records, key=lambda r: r.response_id)
    for before, after in pairwise(rows):
        if before.response_id == after.response_id:
            raise ValueError("a response id occurs twice")
    names = (POOLED_CLUSTER, *sorted({r.cluster for r in rows} - {POOLED_CLUSTER}))
    codes = tuple(sorted({code for r in rows for code in r.flags}))
    if len(codes) > MOST_FLAG_CODES:
        raise ValueError(f"more than {MOST_FLAG_CODES} flag codes")
    position = {name: n for n, name in enumerate(names)}
    bit = {code: 1 << n for n, code in enumerate(codes)}
    by_form: dict[Form, list[ResponseRecord]] = {q.form: [] for q in questionnaires.questionnaires}
    for row in rows:
        _check(row, questionnaires)
        by_form[row.form].append(row)
    blocks = tuple(_block(q.form, by_form[q.form], len(q.items), position, bit) for q in questionnaires.questionnaires)
    return ResponseTable(names, codes, blocks)


def records_of(table: ResponseTable) -> Iterator[ResponseRecord]:
    """Yield every response of a table, form by form."""
    for block in table.forms:
        masks = {int(m): flag_codes_of(int(m), table.flag_codes) for m in np.unique(block.flags)}
        rows = zip(id_texts(block.response_ids), answer_texts(block.answers), strict=True)
        for i, (response_id, answers) in enumerate(rows):
            yield ResponseRecord(
                response_id=response_id,
                group=GROUPS[block.groups[i]],
                cluster=table.cluster_names[block.clusters[i]],
                form=block.form,
                answers=answers,
                flags=masks[int(block.flags[i])],
                voided=bool(block.voided[i]),
            )


def id_texts(ids: IdArray) -> list[str]:
    """Return ids as 32 hexadecimal digits each.

    >>> id_texts(id_array("00112233445566778899aabbccddeeff" * 2))[1]
    '00112233445566778899aabbccddeeff'
    """
    text = ids.tobytes().hex()
    return [text[i : i + ID_LENGTH] for i in range(0, len(text), ID_LENGTH)]


def id_array(text: str) -> IdArray:
    """Return the ids of a text of 32 hexadecimal digits each, one after another; the inverse of above."""
    return np.frombuffer(bytes.fromhex(text), dtype=f"V{ID_BYTES}")


def answer_texts(answers: Int8Array) -> list[str]:
    """Return each row of an answer matrix as text, one character per item.

    >>> answer_texts(np.array([[5, -1, 0]], dtype=np.int8))
    ['5-0']
    """
    n, k = answers.shape
    characters = np.where(answers == BLANK, ord(BLANK_CHARACTER), answers + ord("0")).astype(np.uint8)
    text = characters.tobytes().decode("ascii")
    return [text[i * k : (i + 1) * k] for i in range(n)]


def answer_codes(texts: Iterable[str], n_items: int) -> Int8Array:
    """Return the answer matrix of rows of text, each of ``n_items`` characters; the inverse of above.

    >>> answer_codes(["5-0"], 3).tolist()
    [[5, -1, 0]]
    """
    raw = np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8).reshape(-1, n_items)
    return np.where(raw == ord(BLANK_CHARACTER), BLANK, raw.astype(np.int16) - ord("0")).astype(np.int8)


def coarsen_clusters(table: ResponseTable, smallest: int) -> ResponseTable:
    """Pool clusters so that no (group, cluster) cell smaller than ``smallest`` leaves with the table.

    Principals, deputies and CPPCC members are pooled whatever their number. Where the pooled cell of a group
    would itself be too small, the group's smallest named cells join it. A whole group smaller than that is
    one pooled cell: its number is published anyway.

    Parameters
    ----------
    table : ResponseTable
        With the clusters as they were collected.
    smallest : int
        The smallest cell that may leave, ≥ 1; voided responses count, for their rows leave too.

    Returns
    -------
    ResponseTable
        The same responses; names that no response carries any more are gone.

    Notes
    -----
    Source: method §7.
    """
    n_names = len(table.cluster_names)
    cells = cell_sizes(table)
    keep = np.zeros_like(cells, dtype=np.bool_)
    for g, group in enumerate(GROUPS):
        if group not in ALWAYS_POOLED:
            keep[g] = _kept(cells[g], smallest)
    used = [c for c in range(1, n_names) if keep[:, c].any()]
    new = np.zeros(n_names, dtype=np.int32)
    new[used] = np.arange(1, len(used) + 1)
    lookup = np.where(keep, new, 0).astype(np.int32)
    blocks = tuple(
        FormResponses(
            form=b.form,
            response_ids=b.response_ids,
            groups=b.groups,
            clusters=lookup[b.groups, b.clusters],
            answers=b.answers,
            flags=b.flags,
            voided=b.voided,
        )
        for b in table.forms
    )
    return ResponseTable((POOLED_CLUSTER, *(table.cluster_names[c] for c in used)), table.flag_codes, blocks)


def _kept(counts: NDArray[np.int64], smallest: int) -> BoolArray:
    keep = counts >= smallest
    keep[0] = False
    by_size = sorted((int(counts[c]), c) for c in range(1, len(counts)) if keep[c])
    for _, c in by_size:
        pooled = int(counts[~keep].sum())
        if pooled == 0 or pooled >= smallest:
            break
        keep[c] = False
    return keep


def _check(row: ResponseRecord, questionnaires: QuestionnaireSet) -> None:
    serving = questionnaires.for_group(row.group)
    if serving is None or serving.form != row.form:
        raise ValueError(f"form {row.form} does not serve group {row.group}")
    fits = len(row.answers) == len(serving.items) and all(c in "012345-" for c in row.answers)
    if not fits or row.answers[serving.overall_index] == BLANK_CHARACTER:
        raise ValueError(f"answers do not fit form {row.form}")
    if not _ID.fullmatch(row.response_id):
        raise ValueError("a response id is not 32 hexadecimal digits")
    if not all(FLAG_CODE.fullmatch(code) for code in row.flags):
        raise ValueError("a flag code is not of lower-case letters, digits and underscores")


def _block(
    form: Form, rows: list[ResponseRecord], n_items: int, position: dict[str, int], bit: dict[str, int]
) -> FormResponses:
    return FormResponses(
        form=form,
        response_ids=id_array("".join(r.response_id for r in rows)),
        groups=np.array([GROUPS.index(r.group) for r in rows], dtype=np.int8),
        clusters=np.array([position[r.cluster] for r in rows], dtype=np.int32),
        answers=answer_codes((r.answers for r in rows), n_items),
        flags=np.array([sum(bit[c] for c in set(r.flags)) for r in rows], dtype=np.uint32),
        voided=np.array([r.voided for r in rows], dtype=np.bool_),
    )


def flag_codes_of(mask: int, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the flag codes whose bits are set, in alphabetical order.

    >>> flag_codes_of(0b101, ("burst", "repeated", "too_fast"))
    ('burst', 'too_fast')
    """
    return tuple(sorted(code for n, code in enumerate(codes) if mask >> n & 1))


def moved_flags(masks: UInt32Array, new_bits: Sequence[int]) -> UInt32Array:
    """Return flag masks with every bit at its new place.

    >>> moved_flags(np.array([0b01, 0b10, 0b11], dtype=np.uint32), [1, 0]).tolist()
    [2, 1, 3]
    """
    new = np.zeros(len(masks), dtype=np.uint32)
    for bit, new_bit in enumerate(new_bits):
        new |= (masks >> np.uint32(bit) & np.uint32(1)) << np.uint32(new_bit)
    return new


def cell_sizes(table: ResponseTable) -> NDArray[np.int64]:
    """Return the number of rows of each group (7) in each cluster of the table, voided ones included."""
    n_clusters = len(table.cluster_names)
    cells = np.zeros(len(GROUPS) * n_clusters, dtype=np.int64)
    for block in table.forms:
        # The sum is made in the width of the clusters, which is enough: 7 × 10,000 cells.
        cells += np.bincount(block.groups * np.int32(n_clusters) + block.clusters, minlength=len(cells))
    return cells.reshape(len(GROUPS), n_clusters)
