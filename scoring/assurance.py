"""Government assurance (domain 2): what the school file says of rooms and sizes, and all that was entered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from scoring.criteria import CriterionRow, criterion_finding, domain_finding, entered
from scoring.figures import shown
from scoring.findings import Combinator, Finding, InputRef, Outcome, Reason
from scoring.ruleset import Computed, Indicator, Parameters, RuleSet, Stage
from scoring.schools import SCHOOLS_FILE, SchoolRow, out_of_scope


@dataclass(frozen=True, slots=True)
class SchoolCheck:
    """One school against one computed criterion.

    ``n_over`` counts what is known to break the limit: 1 for a school, or its number of classes. An undecided
    check breaks nothing that is known, but could. A school that keeps the limit needs no reason.
    """

    row: SchoolRow
    outcome: Outcome
    n_over: int = 0
    reason: Reason | None = None
    columns: tuple[str, ...] = ()


def special_rooms(row: SchoolRow, parameters: Parameters) -> SchoolCheck | None:
    """Check 2.3: at least one music room and one art room for every 12 classes begun, each on its own.

    Unknown figures leave a school undecided only if they could matter: a room short of what the known classes
    need stays short. Returns ``None`` for schools out of the scope of the seven indicators and for schools
    without pupils.

    Source: 教督〔2017〕6号, government assurance; that music and art rooms are counted apart follows the wording
    "每12个班级配备音乐、美术专用教室1间以上".
    """
    if out_of_scope(row, parameters) is not None or _without_pupils(row):
        return None
    classes = [0 if row.pupils(stage) == 0 else row.classes(stage) for stage in row.stages]
    known = sum(n for n in classes if n is not None)
    needed = -(-known // parameters.classes_per_room)
    rooms = {"音乐": row.music_rooms, "美术": row.art_rooms}
    short = [name for name, n in rooms.items() if n is not None and n < needed]
    if not short and None not in classes and None not in rooms.values():
        return SchoolCheck(row, Outcome.MET)
    columns = (*(f"classes_{stage}" for stage in row.stages), "music_rooms", "art_rooms")
    have_zh = "、".join(f"{name}{'未填报' if n is None else f'{n}间'}" for name, n in rooms.items())
    have_en = f"music {_or_blank(row.music_rooms)}, art {_or_blank(row.art_rooms)}"
    known_zh = f"{row.school_name}{'至少' if None in classes else ''}有{known}个班,每类需{needed}间;现有{have_zh}"
    known_en = (
        f"{row.school_name} has {'at least ' if None in classes else ''}{known} classes and needs {needed} of each; "
        f"it has {have_en}"
    )
    if short:
        zh, en = f"{known_zh},{'、'.join(short)}专用教室不足。", f"{known_en}: too few."
        return SchoolCheck(row, Outcome.NOT_MET, 1, Reason("rooms_not_met", zh, en), columns)
    zh, en = f"{known_zh},数据不全,无法判定。", f"{known_en}: not all is known."
    return SchoolCheck(row, Outcome.UNDECIDED, 0, Reason("rooms_undecided", zh, en), columns)


def school_size(row: SchoolRow, parameters: Parameters) -> SchoolCheck | None:
    """Check 2.4: pupils of the compulsory stages against the limit for one stage or for several.

    A complete secondary school is measured by its junior pupils. Returns ``None`` for special and vocational
    schools and for schools without pupils.

    Source: 教督〔2017〕6号, government assurance.
    """
    if not row.stages or _without_pupils(row):
        return None
    size = parameters.school_size
    limit = size.multi_stage if len(row.stages) > 1 else size.single_stage
    pupils = [row.pupils(stage) for stage in row.stages]
    known = sum(n for n in pupils if n is not None)
    if known <= limit and None not in pupils:
        return SchoolCheck(row, Outcome.MET)
    if known > limit:
        outcome, zh, en = Outcome.NOT_MET, f"超过{limit}人", f"above {limit}"
    else:
        outcome, zh, en = Outcome.UNDECIDED, "学生数未填报完整,无法判定", "not all pupils are known"
    least = ("至少", "at least ") if None in pupils else ("", "")
    reason = Reason(
        f"size_{outcome}",
        f"{row.school_name}义务教育阶段{least[0]}有学生{known}人,{zh}。",
        f"{row.school_name} has {least[1]}{known} pupils in the compulsory stages: {en}.",
    )
    return SchoolCheck(row, outcome, int(known > limit), reason, tuple(f"pupils_{stage}" for stage in row.stages))


def class_size(row: SchoolRow, parameters: Parameters) -> SchoolCheck | None:
    """Check 2.5: classes above the limit of their stage.

    The reported number of such classes counts; the largest class, and more pupils than the classes may hold,
    show at least one. Teaching points of any size are looked at. Returns ``None`` for special and vocational
    schools and for schools without pupils.

    Source: 教督〔2017〕6号, government assurance.
    """
    if not row.stages or _without_pupils(row):
        return None
    counted = [classes_over(row, stage, int(parameters.class_size[stage])) for stage in row.stages]
    n_over = sum(n for n, _ in counted)
    certain = all(known for _, known in counted)
    if certain and not n_over:
        return SchoolCheck(row, Outcome.MET)
    limits = "、".join(f"{stage.zh}{shown(parameters.class_size[stage])}人" for stage in row.stages)
    limits_en = ", ".join(f"{stage.en} {shown(parameters.class_size[stage])}" for stage in row.stages)
    if n_over:
        least = ("", "") if certain else ("至少", "at least ")
        outcome = Outcome.NOT_MET
        zh, en = f"{least[0]}有{n_over}个班超过人数上限", f"{least[1]}{n_over} classes are above the limit"
    else:
        outcome, zh, en = Outcome.UNDECIDED, "班额数据不全,无法判定", "class sizes are not all known"
    reason = Reason(
        f"classes_{outcome}",
        f"{row.school_name}{zh}(上限:{limits})。",
        f"{row.school_name}: {en} (limit: {limits_en}).",
    )
    names = ("oversize_classes", "largest_class", "classes", "pupils")
    return SchoolCheck(row, outcome, n_over, reason, tuple(f"{name}_{s}" for s in row.stages for name in names))


def classes_over(row: SchoolRow, stage: Stage, limit: int) -> tuple[int, bool]:
    """Return the least number of classes above the limit, and whether it is the exact number."""
    pupils, classes = row.pupils(stage), row.classes(stage)
    largest, oversize = row.largest_class(stage), row.oversize_classes(stage)
    if pupils == 0:
        return 0, True
    shows_one = (largest is not None and largest > limit) or (
        pupils is not None and classes is not None and pupils > limit * classes
    )
    if oversize is not None:
        return max(oversize, int(shows_one)), not (shows_one and oversize == 0)
    if shows_one:
        return 1, False
    return 0, (largest is not None) or (pupils is not None and pupils <= limit)


def _without_pupils(row: SchoolRow) -> bool:
    return all(row.pupils(stage) == 0 for stage in row.stages)


def _or_blank(n: int | None) -> str:
    return "not reported" if n is None else str(n)


_CHECKS: dict[Computed, Callable[[SchoolRow, Parameters], SchoolCheck | None]] = {
    Computed.SPECIAL_ROOMS: special_rooms,
    Computed.SCHOOL_SIZE: school_size,
    Computed.CLASS_SIZE: class_size,
}


def computed_finding(
    indicator: Indicator, schools: Sequence[SchoolRow], rows: Sequence[CriterionRow], rule_set: RuleSet
) -> Finding:
    """Decide a criterion that the school file itself answers (2.3, 2.4, 2.5).

    Parameters
    ----------
    indicator : Indicator
        With ``computed`` set.
    schools : sequence of SchoolRow
        All schools of the county.
    rows : sequence of CriterionRow
        What was typed; a number that differs is named in the reason, and the computed one counts.
    rule_set : RuleSet
        The limits.

    Returns
    -------
    Finding
        Not met if a school or class is known to break the limit; undecided if an unknown could; schools that are
        not met or undecided stand below it for information.

    Raises
    ------
    ValueError
        If the indicator is not a computed one.

    Notes
    -----
    Source: 教督〔2017〕6号, government assurance; method §2.
    """
    if indicator.computed is None:
        raise ValueError(f"{indicator.code} is not computed")
    check = _CHECKS[indicator.computed]
    checks = [found for school in schools if (found := check(school, rule_set.parameters)) is not None]
    n_over = sum(found.n_over for found in checks)
    n_unknown = sum(found.outcome is Outcome.UNDECIDED for found in checks)
    part = indicator.parts[0]
    limit = part.limit or Fraction(0)
    outcome = Outcome.NOT_MET if n_over > limit else Outcome.UNDECIDED if n_unknown or not checks else Outcome.MET
    if checks:
        zh = f"由学校表计算,{len(checks)}所学校中,{part.zh}为{n_over}"
        en = f"Computed from the school file ({len(checks)} schools): {n_over} {part.en}"
        if n_unknown:
            zh, en = f"{zh},另有{n_unknown}所学校因缺数据无法判定", f"{en}; {n_unknown} schools cannot be decided"
    else:
        zh, en = "没有可以计算的学校数据,无法判定", "There is no school to compute it from"
    reasons = [Reason(f"computed_{outcome}", f"{zh}。", f"{en}.")]
    typed = entered(rows, indicator.code, "")
    value = typed.value.value if typed.value else None
    if value is not None and checks and (value < n_over or (value != n_over and not n_unknown)):
        zh = f"填报数值为{shown(value)},与由学校表计算的{n_over}不一致;以计算结果为准。"
        en = f"The value entered is {shown(value)}, but the school file gives {n_over}; the computed one counts."
        reasons.append(Reason("typed_differs", zh, en))
    if typed.judgement and typed.judgement.judgement not in (outcome, None):
        zh = f"{typed.judgement.level.zh}的判定与由学校表计算的结果不一致;以计算结果为准。"
        en = f"The {typed.judgement.level}'s judgement differs from what the school file gives; the file counts."
        reasons.append(Reason("judgement_differs", zh, en))
    return Finding(
        code=indicator.code,
        title_zh=indicator.short_zh,
        title_en=indicator.short_en,
        outcome=outcome,
        required=shown(limit),
        actual=str(n_over) if checks else None,
        margin=shown(limit - n_over) if checks else None,
        unit=indicator.unit,
        reasons=tuple(reasons),
        inputs=(InputRef(SCHOOLS_FILE), *(typed.inputs if typed.value or typed.judgement else ())),
        units=indicator.units,
        children=tuple(_exception(indicator, found) for found in checks if found.outcome is not Outcome.MET),
    )


def _exception(indicator: Indicator, found: SchoolCheck) -> Finding:
    return Finding(
        code=f"{indicator.code}/{found.row.school_code}",
        title_zh=found.row.school_name,
        title_en=found.row.school_name,
        outcome=found.outcome,
        combinator=Combinator.INFORMATIONAL,
        actual=str(found.n_over),
        unit=indicator.unit,
        reasons=() if found.reason is None else (found.reason,),
        inputs=tuple(InputRef(SCHOOLS_FILE, found.row.row, column) for column in found.columns),
    )


def assurance_finding(schools: Sequence[SchoolRow], rows: Sequence[CriterionRow], rule_set: RuleSet) -> Finding:
    """Decide domain 2, government assurance: all its criteria must be met.

    Those marked as computed come from the school file, the others from what was entered and judged.
    """
    children = tuple(
        criterion_finding(indicator, rows, rule_set)
        if indicator.computed is None
        else computed_finding(indicator, schools, rows, rule_set)
        for indicator in rule_set.domain("2")
    )
    return domain_finding("2", "政府保障程度", "Government assurance", children)
