"""Two implementations of the verdict, one exact and fast, one naive: they must agree on every outcome.

The random counties lean on the boundaries: figures are drawn exactly on, one unit below and one unit above the
standard and the floor, pools of answers around 85 %, targets just met and just missed, blanks anywhere.
"""

from __future__ import annotations

import random
from fractions import Fraction as F
from math import ceil

import pytest

from scoring.dossier import DossierContent, Purpose, read_dossier, write_dossier
from scoring.questionnaire import Bilingual, Form, Group, Item, Questionnaire, QuestionnaireSet, ScalePoint
from scoring.responses import ResponseRecord, response_table
from scoring.ruleset import rule_set_bytes
from scoring.verdict import decide
from tests.scoring import naive

WORDS = Bilingual("测试", "test")
SCALE = tuple(ScalePoint(code, Bilingual(f"选项{code}", f"option {code}")) for code in (5, 4, 3, 2, 1, 0))
SERVES = {
    Form.STUDENT: (Group.STUDENT,), Form.PARENT: (Group.PARENT,), Form.TEACHER: (Group.TEACHER,),
    Form.PRINCIPAL: (Group.PRINCIPAL,), Form.SOCIAL: (Group.DEPUTY, Group.CPPCC, Group.PUBLIC),
}
QUESTIONNAIRES = QuestionnaireSet(tuple(
    Questionnaire(f"{form}-2026.1", form, "2026.1", groups, WORDS, WORDS, SCALE,
                  (Item("q01", "fairness", WORDS, reversed=True, overall=False),
                   Item("q02", "overall", WORDS, reversed=False, overall=True)))
    for form, groups in SERVES.items()
))
FORM_OF = {group: form for form, groups in SERVES.items() for group in groups}
KINDS = ["primary"] * 5 + ["junior"] * 3 + ["nine_year"] * 2 + [
    "teaching_point", "complete_secondary", "twelve_year", "special", "vocational"]


def text(value: F | int | None, decimals: int) -> str:
    if value is None:
        return ""
    scaled = round(F(value) * 10**decimals)
    whole, rest = divmod(scaled, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}" if decimals else str(whole)


def near(rng: random.Random, exact: F, decimals: int) -> F:
    """A figure on the boundary, a unit beside it, or comfortably above."""
    unit = F(1, 10**decimals)
    on = F(ceil(exact / unit)) * unit
    return max(F(0), rng.choice([on, on, on - unit, on + unit, on * 2, on * F(3, 2), on * F(11, 10)]))


def school(rng: random.Random, number: int, strict: bool) -> naive.Cells:
    kind = rng.choice(KINDS)
    stages = naive.STAGES[kind]
    cells = {"school_code": f"S{number:03d}", "school_name": f"第{number}学校", "kind": kind, "sponsor": "public",
             "locality": rng.choice(["urban", "town", "rural"]), "boarding": rng.choice(["yes", "no"])}
    pupils = {}
    for stage in stages:
        most = [49, 50, 51, 100, 333, 900, 1000, 1250] if strict else [0, 49, 50, 51, 100, 333, 900, 1000, 1250, 2001]
        pupils[stage] = rng.choice(most)
    if kind in ("complete_secondary", "twelve_year"):
        pupils["senior"] = rng.choice([100, 777])
    weights = naive.WEIGHTS.get(kind, {s: F(1) for s in stages})
    total = sum(w * pupils[s] for s, w in weights.items())
    sums = [F(0)] * 7
    for stage in stages:
        p = pupils[stage]
        cells[f"pupils_{stage}"] = str(p)
        limit = {"primary": 45, "junior": 50}[stage]
        classes = ceil(p / limit) + rng.choice([0, 1]) if p else 0
        oversize = 0 if strict or rng.random() < 0.9 else 1 if classes else 0
        largest = min(p, limit + (1 if oversize else 0))
        cells[f"classes_{stage}"], cells[f"largest_class_{stage}"] = str(classes), str(largest)
        cells[f"oversize_classes_{stage}"] = str(oversize if largest > limit else 0)
        slack = 1 if strict else rng.choice([F(1), F(1), F("0.85")])
        for i, name in enumerate(("degree", "backbone", "pe_arts")):
            need = naive.STANDARDS[stage][i] * p / 100 * slack
            cells[f"teachers_{name}_{stage}"] = text(ceil(need) if strict or not p else near(rng, need, 0), 0)
        for i in range(3, 7):
            share = weights[stage] * p / total if total else F(0)
            need = naive.STANDARDS[stage][i] * p / (100 if i == 6 else 1) * slack
            sums[i] = max(sums[i], need / share if share else F(0))
    if "senior" in pupils:
        cells["pupils_senior"] = str(pupils["senior"])
    if not stages or not any(pupils[s] for s in stages):
        return cells
    pick = (lambda e, d: F(ceil(e * 10**d), 10**d)) if strict else (lambda e, d: near(rng, e, d))
    indoor = F(rng.choice([0, 0, 100]))
    cells["area_indoor_sports"] = text(indoor, 2)
    cells["area_teaching"] = text(pick(sums[3], 2) + indoor, 2)
    cells["area_sports_ground"] = text(max(F(0), pick(sums[4], 2) - indoor), 2)
    cells["equipment_10k"] = text(pick(sums[5] / 10000, 6), 6)
    cells["multimedia_rooms"] = text(pick(sums[6], 0), 0)
    rooms = ceil(F(sum(int(cells[f"classes_{s}"]) for s in stages), 12))
    cells["music_rooms"] = str(rooms if strict else max(0, rooms + rng.choice([0, 0, 0, 0, -1, 1])))
    cells["art_rooms"] = str(rooms)
    if not strict and rng.random() < 0.15:
        blankable = [c for c in cells if c.startswith(("pupils_", "teachers_", "area_", "equip", "multi", "music"))]
        del cells[rng.choice(blankable)]
    return cells


def criterion_rows(rng: random.Random, strict: bool, sampled: bool) -> list[naive.Cells]:
    rows: list[naive.Cells] = []

    def add(code: str, part: str, value: str, judgement: str) -> None:
        levels = rng.choice([["county"], ["county", "city"], ["city", "county"], ["province", "city"]])
        for level in levels:
            rows.append({"code": code, "part": part, "value": value, "judgement": judgement, "level": level,
                         "evidence": "材料"})
            if not strict and rng.random() < 0.3 and not value:
                judgement = rng.choice(["met", "met", "not_met", "undecided"])

    for (code, part), (_, limit) in naive.LIMITS.items():
        if not strict and rng.random() < 0.03:
            continue
        value = limit if strict else rng.choice([limit] * 12 + [limit - F("0.01"), limit + F("0.01")])
        add(code, part, text(min(value, F(100)) if limit <= 100 and code != "2.8" else value, 2), "")
    for code, part in [("0", ""), *naive.JUDGED]:
        add(code, part, "", "met" if strict or rng.random() < 0.95 else rng.choice(["not_met", "undecided"]))
    for subject in rng.sample(naive.SUBJECTS, 2 if sampled else 0):
        add("3.9", f"{subject}/level", "3" if strict else rng.choice(["3", "3", "2", "4"]), "")
        if strict or rng.random() < 0.9:
            add("3.9", f"{subject}/rate", "0.14" if strict else rng.choice(["0.1499", "0.15", "0.05", "0.1"]), "")
    return rows


def veto_rows(rng: random.Random, strict: bool) -> list[naive.Cells]:
    stories = [["absent:county"]] * (12 if strict else 8) + ([] if strict else [
        ["raised:county"], ["raised:county", "dismissed:city"], ["raised:county", "confirmed:city"], [],
        ["dismissed:city", "raised:county"], ["absent:county", "raised:city", "dismissed:province"]])
    rows = []
    for i in range(1, 7):
        for step in rng.choice(stories):
            state, level = step.split(":")
            rows.append({"code": f"5.{i}", "state": state, "level": level, "reason": "来信"})
    return rows


def answers(
    rng: random.Random, strict: bool, residents: int | None, populations: dict[str, int | None]
) -> list[tuple[str, int, bool, bool]]:
    if residents is None:
        return [("parent", 5, False, False)]
    wanted = naive.targets(residents, populations)
    rows: list[tuple[str, int, bool, bool]] = []
    short = None if strict or rng.random() < 0.7 else rng.choice(naive.GROUPS)
    for group, n in wanted.items():
        n = max(0, n + rng.choice([0, 0, 3]) - (1 if group == short else 0))
        rows += [(group, 5, rng.random() < 0.02, False) for _ in range(n)]
    n = len(rows)
    satisfied = ceil(F(85, 100) * n) + (5 if strict else rng.choice([-1, 0, 1, 4, -4]))
    for i in range(max(0, n - satisfied)):
        group, _, flagged, voided = rows[i]
        rows[i] = (group, rng.choice([3, 2, 1, 0]), flagged and not strict, voided)
    if strict:
        rows = [(g, a, False, v) for g, a, _, v in rows]
    elif rng.random() < 0.2:
        rows.append(("parent", 1, False, True))
    rng.shuffle(rows)
    return rows


@pytest.mark.parametrize("block", range(8))
def test_two_implementations_agree_on_every_outcome(block: int) -> None:
    """250 counties a block, 2,000 in all; a third of them built to meet everything, so that all outcomes occur."""
    rng = random.Random(20260 + block)
    seen: dict[str, int] = {}
    for number in range(250):
        strict = number % 3 == 0
        sound = number % 3 < 2  # schools and criteria meet everything; answers and vetoes decide
        residents = rng.choice([20_000, 40_000, 66_667]) if strict else rng.choice([20_000, 40_000, 66_667, None])
        populations: dict[str, int | None] = {
            g: rng.choice([None, None, 3, 5, 8, 400]) if g in ("principal", "deputy", "cppcc") else None
            for g in naive.GROUPS}
        sampled = rng.random() < 0.8
        schools = [school(rng, i, sound) for i in range(rng.choice([3, 5, 9]))]
        if not naive.stage_rows(schools):
            continue
        criteria, vetoes = criterion_rows(rng, sound, sampled), veto_rows(rng, strict)
        responses = answers(rng, strict, residents, populations)
        records = [
            ResponseRecord(f"{i:032x}", Group(g), "", FORM_OF[Group(g)], f"3{a}", ("too_fast",) if f else (), v)
            for i, (g, a, f, v) in enumerate(responses)]
        content = DossierContent(
            county_code="379901", county_name="测试县", year=2026, purpose=Purpose.REHEARSAL, demo=True,
            residents=residents, populations=populations, sampled_in_monitoring=sampled,
            rule_set=rule_set_bytes("national-2017"), questionnaires=QUESTIONNAIRES, schools=schools,
            criteria=criteria, vetoes=vetoes, responses=response_table(records, QUESTIONNAIRES))
        dossier = read_dossier(write_dossier(content).public if number % 2 else write_dossier(content).auditor)
        verdict = decide(dossier)
        expected = naive.outcomes(schools, criteria, vetoes, responses, residents, populations, sampled)
        found = {f.code: str(f.outcome) for f in verdict.tree.walk()} | {"county": str(verdict.outcome)}
        # A stage without schools has one finding that does not apply, without one for each indicator.
        wrong = {code: (outcome, found.get(code, naive.NA)) for code, outcome in expected.items()
                 if found.get(code, naive.NA) != outcome}
        assert not wrong, (block, number, wrong)
        seen[str(verdict.outcome)] = seen.get(str(verdict.outcome), 0) + 1
    assert set(seen) == {"meets", "does_not_meet", "undecided", "vetoed"}, seen
