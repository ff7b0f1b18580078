"""The verdict a second time, written from the method's page alone: slow, plain, and sharing no line with scoring.

Figures are ``Fraction``s and ``None`` for unknown; the thresholds are typed in again from the standard's table, so
that a slip of the pen in a rule set would show. It knows outcomes only: no reasons, no display.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from math import ceil

MET, NOT, OPEN, NA = "met", "not_met", "undecided", "not_applicable"
Cells = dict[str, str]

STANDARDS = {
    "primary": [F("4.2"), F(1), F("0.9"), F("4.5"), F("7.5"), F(2000), F("2.3")],
    "junior": [F("5.3"), F(1), F("0.9"), F("5.8"), F("10.2"), F(2500), F("2.4")],
}
PER_100 = (0, 1, 2, 6)
STAGES = {
    "primary": ["primary"], "teaching_point": ["primary"], "junior": ["junior"], "nine_year": ["primary", "junior"],
    "complete_secondary": ["junior"], "twelve_year": ["primary", "junior"], "special": [], "vocational": [],
}
WEIGHTS = {
    "nine_year": {"primary": F(1), "junior": F("1.1")},
    "complete_secondary": {"junior": F(1), "senior": F("1.2")},
    "twelve_year": {"primary": F(1), "junior": F("1.1"), "senior": F("1.32")},
}
LIMITS = {
    ("2.6", ""): (">=", F(100)), ("2.7", ""): (">=", F(6000)), ("2.8", ""): (">=", F(100)),
    ("2.9", ""): (">=", F(100)), ("2.11", "rotation"): (">=", F(10)), ("2.11", "backbone"): (">=", F(20)),
    ("2.12", ""): (">=", F(100)), ("2.13", "primary"): (">=", F(100)), ("2.13", "junior"): (">=", F(95)),
    ("2.14", "allotment"): (">=", F(50)), ("2.15", "migrant"): (">=", F(85)),
    ("3.1", ""): (">=", F(95)), ("3.2", ""): (">=", F(95)), ("3.4", ""): (">=", F(5)),
}
JUDGED = [("2.1", ""), ("2.2", ""), ("2.10", ""), ("2.14", "rural_tilt"), ("2.15", "care"),
          ("3.3", ""), ("3.5", ""), ("3.6", ""), ("3.7", ""), ("3.8", "")]
SUBJECTS = ["chinese", "mathematics", "science", "pe", "arts", "moral"]
GROUPS = ["student", "parent", "teacher", "principal", "deputy", "cppcc", "public"]


def number(text: str | None) -> F | None:
    return F(text) if text else None


def all_of(outcomes: list[str]) -> str:
    for decisive in (NOT, OPEN, MET):
        if decisive in outcomes:
            return decisive
    return NA


# --- domain 1 ---------------------------------------------------------------------------------------------------
def stage_rows(schools: list[Cells]) -> list[tuple[str, str, F | None, list[F | None]]]:
    rows = []
    for s in schools:
        pupils = {stage: number(s.get(f"pupils_{stage}")) for stage in ("primary", "junior", "senior")}
        if s["kind"] == "teaching_point" and pupils["primary"] is not None and pupils["primary"] < 50:
            continue
        for stage in STAGES[s["kind"]]:
            if pupils[stage] == 0:
                continue
            teachers = [number(s.get(f"teachers_{t}_{stage}")) for t in ("degree", "backbone", "pe_arts")]
            teaching, indoor = number(s.get("area_teaching")), number(s.get("area_indoor_sports"))
            ground, equipment = number(s.get("area_sports_ground")), number(s.get("equipment_10k"))
            shared = [
                None if teaching is None or indoor is None else teaching - indoor,
                None if ground is None or indoor is None else ground + indoor,
                None if equipment is None else equipment * 10000,
                number(s.get("multimedia_rooms")),
            ]
            weights = WEIGHTS.get(s["kind"])
            if weights:
                if any(pupils[other] is None for other in weights):
                    shared = [F(0) if x == 0 else None for x in shared]
                else:
                    total = sum(w * pupils[other] for other, w in weights.items())
                    shared = [None if x is None else x * weights[stage] * pupils[stage] / total for x in shared]
            rows.append((s["school_code"], stage, pupils[stage], [*teachers, *shared]))
    return rows


def row_outcome(stage: str, pupils: F | None, resources: list[F | None]) -> str:
    if pupils is None:
        return OPEN
    possible: list[list[str]] = []
    for i, (x, standard) in enumerate(zip(resources, STANDARDS[stage], strict=True)):
        if x is None:
            possible.append(["meets", "floor", "below"])
            continue
        value = x / pupils * (100 if i in PER_100 else 1)
        possible.append(["meets" if value >= standard else "floor" if value >= standard * F("0.85") else "below"])
    outcomes = {MET if case.count("meets") >= 6 and "below" not in case else NOT for case in product(*possible)}
    return outcomes.pop() if len(outcomes) == 1 else OPEN


def cv_outcome(stage: str, rows: list[tuple[F | None, F | None]]) -> str:
    if not rows:
        return NA
    if any(p is None or x is None for p, x in rows):
        return OPEN
    sum_x, sum_p = sum(x for _, x in rows), sum(p for p, _ in rows)
    if sum_x == 0:
        return NOT
    m = sum_x / sum_p
    variance = sum(p / sum_p * (x / p - m) ** 2 for p, x in rows)
    limit = {"primary": F("0.50"), "junior": F("0.45")}[stage]
    return MET if variance <= limit**2 * m**2 else NOT


# --- domains 2, 3, 5 --------------------------------------------------------------------------------------------
def latest_of_highest(rows: list[Cells]) -> Cells | None:
    for level in ("province", "city", "county"):
        of_level = [r for r in rows if r["level"] == level]
        if of_level:
            return of_level[-1]
    return None


def part_outcome(criteria: list[Cells], code: str, part: str) -> str:
    row = latest_of_highest([r for r in criteria if r["code"] == code and r.get("part", "") == part])
    if row is None:
        return OPEN
    if (code, part) in JUDGED or code == "0":
        return row["judgement"] or OPEN
    value = number(row.get("value"))
    if value is None:
        return NA if row["judgement"] == NA else OPEN
    return MET if value >= LIMITS[code, part][1] else NOT


def monitoring_outcome(criteria: list[Cells], sampled: bool) -> str:
    if not sampled:
        return NA
    outcomes = []
    for subject in SUBJECTS:
        found = {}
        for part in ("level", "rate"):
            row = latest_of_highest([r for r in criteria if r["code"] == "3.9" and r["part"] == f"{subject}/{part}"])
            found[part] = number(row.get("value")) if row else None
        if found["level"] is None and found["rate"] is None:
            continue
        outcomes.append(OPEN if found["level"] is None else MET if found["level"] >= 3 else NOT)
        outcomes.append(OPEN if found["rate"] is None else MET if found["rate"] < F("0.15") else NOT)
    return all_of(outcomes) if outcomes else OPEN


def computed_outcomes(schools: list[Cells]) -> dict[str, str]:
    rooms, size, classes = [], [], []
    for s in schools:
        stages = STAGES[s["kind"]]
        if not stages:
            continue
        pupils = [number(s.get(f"pupils_{stage}")) for stage in stages]
        if all(p == 0 for p in pupils):
            continue
        n_classes = [F(0) if p == 0 else number(s.get(f"classes_{stage}"))
                     for stage, p in zip(stages, pupils, strict=True)]
        small_point = s["kind"] == "teaching_point" and pupils[0] is not None and pupils[0] < 50
        for kind in () if small_point else ("music_rooms", "art_rooms"):
            have = number(s.get(kind))
            if have is None or None in n_classes:
                rooms.append(OPEN)
            else:
                rooms.append(MET if have >= ceil(sum(n_classes) / 12) else NOT)
        most = 2500 if s["kind"] in ("nine_year", "twelve_year") else 2000
        if sum(p for p in pupils if p is not None) > most:
            size.append(NOT)
        else:
            size.append(OPEN if None in pupils else MET)
        for stage in stages:
            largest, oversize = number(s.get(f"largest_class_{stage}")), number(s.get(f"oversize_classes_{stage}"))
            limit = {"primary": 45, "junior": 50}[stage]
            if number(s.get(f"pupils_{stage}")) == 0:
                classes.append(MET)
            elif (largest is not None and largest > limit) or (oversize is not None and oversize > 0):
                classes.append(NOT)
            else:
                classes.append(OPEN if largest is None and oversize is None else MET)
    return {"2.3": all_of(rooms), "2.4": all_of(size), "2.5": all_of(classes)}


# --- 4.1 --------------------------------------------------------------------------------------------------------
def targets(residents: int, populations: dict[str, int | None]) -> dict[str, int]:
    total = ceil(F(15, 10000) * residents)
    parents = ceil(F(total) / 2)
    rest = total - parents
    others = [g for g in GROUPS if g != "parent"]
    quota = {g: rest // 6 + (1 if i < rest % 6 else 0) for i, g in enumerate(others)}
    result, moved = {}, 0
    for g in others:
        population = populations.get(g)
        most = quota[g] if population is None else min(quota[g], ceil(F(7, 10) * population))
        moved += quota[g] - most
        result[g] = most
    wanted = parents + moved
    population = populations.get("parent")
    result["parent"] = wanted if population is None else min(wanted, ceil(F(7, 10) * population))
    return result


def recognition_outcome(
    responses: list[tuple[str, int, bool, bool]], residents: int | None, populations: dict[str, int | None]
) -> str:
    """``responses``: (group, overall answer, flagged, voided)."""
    valid = [(g, answer, flagged) for g, answer, flagged, voided in responses if not voided]
    if residents is None or not valid:
        return OPEN
    wanted = targets(residents, populations)
    if any(sum(1 for r in valid if r[0] == g) < n for g, n in wanted.items()):
        return OPEN
    n, k = len(valid), sum(1 for r in valid if r[1] >= 4)
    n_flagged, k_flagged = sum(1 for r in valid if r[2]), sum(1 for r in valid if r[2] and r[1] >= 4)
    cases = [(k, n), (k - k_flagged, n - n_flagged), (k - k_flagged, n), (k - k_flagged + n_flagged, n)]
    reached = {satisfied * 100 >= 85 * base for satisfied, base in cases if base}
    if len(reached) > 1 or n == n_flagged:
        return OPEN
    return MET if reached.pop() else NOT


def outcomes(
    schools: list[Cells], criteria: list[Cells], vetoes: list[Cells], responses: list[tuple[str, int, bool, bool]],
    residents: int | None, populations: dict[str, int | None], sampled: bool,
) -> dict[str, str]:
    """Every outcome by its annex code, and the county's under ``county``."""
    found: dict[str, str] = {}
    rows = stage_rows(schools)
    for code, stage, pupils, resources in rows:
        found[f"1.schools/{code}/{stage}"] = row_outcome(stage, pupils, resources)
    found["1.schools"] = all_of([found[f"1.schools/{c}/{s}"] for c, s, _, _ in rows])
    for stage in ("primary", "junior"):
        for i in range(7):
            of_stage = [(p, x[i]) for _, s, p, x in rows if s == stage]
            found[f"1.cv/{stage}/1.{i + 1}"] = cv_outcome(stage, of_stage)
    found["1.cv"] = all_of([v for k, v in found.items() if k.startswith("1.cv/")])
    found["1"] = all_of([found["1.schools"], found["1.cv"]])
    found["0"] = part_outcome(criteria, "0", "")
    found |= computed_outcomes(schools)
    for code, part in [*LIMITS, *JUDGED]:
        outcome = part_outcome(criteria, code, part)
        found[code] = all_of([found[code], outcome]) if part and code in found else outcome
    found["3.9"] = monitoring_outcome(criteria, sampled)
    found["2"] = all_of([found[f"2.{i}"] for i in range(1, 16)])
    found["3"] = all_of([found[f"3.{i}"] for i in range(1, 10)])
    found["4"] = found["4.1"] = recognition_outcome(responses, residents, populations)
    states = {f"5.{i}": "unassessed" for i in range(1, 7)}
    for row in vetoes:
        states[row["code"]] = row["state"]
    found |= {code: NOT if state == "confirmed" else MET if state in ("absent", "dismissed") else OPEN
              for code, state in states.items()}
    tree = all_of([found[d] for d in "01234"])
    if "confirmed" in states.values():
        found["county"] = "vetoed"
    elif tree == NOT:
        found["county"] = "does_not_meet"
    elif tree == OPEN or {"raised", "unassessed"} & set(states.values()):
        found["county"] = OPEN
    else:
        found["county"] = "meets"
    return found
