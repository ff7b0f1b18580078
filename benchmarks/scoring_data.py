"""Synthetic surveys to count: unequal schools, seven groups, twenty items, answers that cling together in schools."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from scoring.demo_questionnaires import demo_questionnaires
from scoring.questionnaire import GROUPS, Questionnaire, QuestionnaireSet
from scoring.responses import ID_BYTES, POOLED_CLUSTER, FormResponses, ResponseTable
from scoring.responses_parquet import responses_parquet

N_ITEMS, N_SCHOOLS = 20, 500
LOCALITIES = ("urban", "town", "rural")
GROUP_SHARES = (0.22, 0.20, 0.18, 0.15, 0.12, 0.08, 0.05)
SEED = 20261124
_CHUNK = 250_000
_CUTS = (-1.6, -1.2, -0.8, -0.2, 0.8)
_FLAGS = ("burst", "too_fast")


def questionnaires() -> QuestionnaireSet:
    """Return the five forms, each lengthened to twenty items."""
    return QuestionnaireSet(tuple(_of_twenty(form) for form in demo_questionnaires().questionnaires))


def _of_twenty(form: Questionnaire) -> Questionnaire:
    plain = next(item for item in form.items if not item.reversed and not item.overall)
    more = tuple(replace(plain, code=f"q{n:02d}") for n in range(len(form.items) + 1, N_ITEMS + 1))
    return replace(form, items=(*form.items, *more))


def clusters() -> tuple[str, ...]:
    """Return the names of the pooled cluster and the schools."""
    return (POOLED_CLUSTER, *(f"S{n:03d}" for n in range(1, N_SCHOOLS + 1)))


def localities() -> dict[str, str | None]:
    """Return the locality of each school: the strata."""
    return {name: LOCALITIES[n % len(LOCALITIES)] for n, name in enumerate(clusters()[1:])}


def store(folder: Path, n: int) -> None:
    """Write a survey of ``n`` responses: arrays as they lie in memory, the Parquet file, and raw columns for R."""
    rng = np.random.default_rng(SEED)
    sizes = rng.lognormal(0, 0.6, N_SCHOOLS)
    sizes /= sizes.sum()
    school_mood, group_mood = rng.normal(0, 0.35, N_SCHOOLS + 1), rng.normal(0, 0.2, len(GROUPS))
    blocks = []
    for form in questionnaires().questionnaires:
        shares = np.array([GROUP_SHARES[GROUPS.index(g)] for g in form.groups])
        rows = round(n * shares.sum())
        groups = np.array([GROUPS.index(g) for g in form.groups], np.int8)[
            rng.choice(len(form.groups), rows, p=shares / shares.sum())
        ]
        schools = (rng.choice(N_SCHOOLS, rows, p=sizes) + 1).astype(np.int32)
        answers = np.empty((rows, N_ITEMS), np.int8, order="F")
        for start in range(0, rows, _CHUNK):
            part = slice(start, start + _CHUNK)
            mood = school_mood[schools[part]] + group_mood[groups[part]]
            for i, item in enumerate(form.items):
                level = rng.standard_normal(len(mood), dtype=np.float32) + mood
                codes = np.searchsorted(_CUTS, level).astype(np.int8)
                if item.reversed:
                    codes = np.where(codes > 0, 6 - codes, codes)
                if not item.overall:
                    codes[rng.random(len(codes)) < 0.02] = -1
                answers[part, i] = codes
        ids = np.frombuffer(rng.bytes(rows * ID_BYTES), dtype=f"V{ID_BYTES}")
        flags = np.where(rng.random(rows) < 0.01, rng.integers(1, 4, rows), 0).astype(np.uint32)
        blocks.append(FormResponses(form.form, ids, groups, schools, answers, flags, rng.random(rows) < 0.002))
    for block in blocks:
        for name in ("groups", "clusters", "answers", "flags", "voided"):
            np.save(folder / f"{block.form}.{name}.npy", getattr(block, name))
    _for_r(folder, blocks)
    table = ResponseTable(clusters(), _FLAGS, tuple(blocks))
    (folder / "responses.parquet").write_bytes(responses_parquet(table, questionnaires()))


def load(folder: Path) -> ResponseTable:
    """Return the survey's codes, without ids: no count looks at them."""
    blocks = []
    for form in questionnaires().questionnaires:
        arrays = {name: np.load(folder / f"{form.form}.{name}.npy") for name in ("groups", "clusters", "flags")}
        answers, voided = (np.load(folder / f"{form.form}.{name}.npy") for name in ("answers", "voided"))
        ids = np.zeros(len(voided), dtype=f"V{ID_BYTES}")
        blocks.append(FormResponses(form.form, ids, answers=answers, voided=voided, **arrays))
    return ResponseTable(clusters(), _FLAGS, tuple(blocks))


def code_bytes(table: ResponseTable, *, with_ids: bool) -> int:
    """Return the bytes of a table's codes."""
    names = ["groups", "clusters", "answers", "flags", "voided", *(["response_ids"] if with_ids else [])]
    return sum(getattr(block, name).nbytes for block in table.forms for name in names)


def _for_r(folder: Path, blocks: list[FormResponses]) -> None:
    """Write the valid responses column by column: group, school, overall item, then whether each item is 5 or 4."""
    with (folder / "survey.bin").open("wb") as file:
        file.write(np.int32(sum(int((~block.voided).sum()) for block in blocks)).tobytes())
        for block in blocks:
            file.write(block.groups[~block.voided].astype(np.uint8).tobytes())
        for block in blocks:
            file.write(block.clusters[~block.voided].astype(np.uint16).tobytes())
        forms = {form.form: form for form in questionnaires().questionnaires}
        for block in blocks:
            file.write((block.answers[~block.voided, forms[block.form].overall_index] >= 4).astype(np.uint8).tobytes())
        for i in range(N_ITEMS):
            for block in blocks:
                file.write((block.answers[~block.voided, i] >= 4).astype(np.uint8).tobytes())


if __name__ == "__main__":
    store(Path(sys.argv[1]), int(sys.argv[2]))
