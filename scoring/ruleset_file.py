"""The file of a rule set, read strictly: all that is missing, unknown or impossible is named at once."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from fractions import Fraction

from scoring.errors import Defect, RuleSetError
from scoring.flag_parameters import read_flag_parameters
from scoring.ruleset import (
    Comparator,
    Computed,
    CriterionPart,
    CvWeighting,
    DontKnowRule,
    Indicator,
    Kind,
    MonitoringNotSampled,
    Parameters,
    PerStage,
    ReliabilityLimits,
    RuleSet,
    SatisfiedRule,
    SchoolSize,
    SplitWeights,
    StageWeights,
)
from scoring.toml_table import NotTomlError, Table, load_toml

FILE = "rule_set.toml"
FORMAT = "rule-set/1"
RESOURCE_CODES = ("1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7")

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CODE = re.compile(r"[1-5]\.[1-9][0-9]?")
_KINDS_OF_DOMAIN = {
    "1": (Kind.SCHOOL,),
    "2": (Kind.NUMERIC, Kind.JUDGED),
    "3": (Kind.NUMERIC, Kind.JUDGED),
    "4": (Kind.SURVEY,),
    "5": (Kind.VETO,),
}
_MOST = 10**9


def read_rule_set(data: bytes) -> RuleSet:
    """Return the rule set of a file's bytes, or raise with every defect (see ``parse_rule_set``)."""
    try:
        content = load_toml(data)
    except NotTomlError as error:
        zh = f"规则集文件不是可读的 TOML:{error}。"
        defect = Defect(FILE, None, None, zh, f"The rule set is not readable TOML: {error}.")
        raise RuleSetError((defect,)) from error
    top = Table(content, "", FILE, [])
    if top.text("format") not in (FORMAT, ""):
        top.note("format", f"应为 {FORMAT}", f"must be {FORMAT}")
    rule_set_id = top.text("id")
    if rule_set_id and not _ID.fullmatch(rule_set_id):
        top.note("id", "只能用小写字母、数字和连字符", "only lower-case letters, digits and hyphens")
    parameters = _parameters(top.table("parameters"))
    precondition = top.table("precondition")
    rule_set = RuleSet(
        id=rule_set_id,
        sha256=hashlib.sha256(data).hexdigest(),
        title_zh=top.text("title_zh"),
        title_en=top.text("title_en"),
        source=top.text("source"),
        parameters=parameters,
        precondition=_wording(precondition, "0", Kind.JUDGED, parts=(_whole(Kind.JUDGED, precondition),)),
        indicators=tuple(
            _indicator(table, parameters) for table in top.tables("indicators", lambda v, i: str(v.get("code", i + 1)))
        ),
    )
    precondition.finish()
    _check_codes(top, tuple(indicator.code for indicator in rule_set.indicators))
    top.finish()
    if top.defects:
        raise RuleSetError(tuple(top.defects))
    return rule_set


def _parameters(table: Table) -> Parameters:
    size = table.table("school_size")
    split = table.table("split_weights")
    marks = table.table("reliability")
    parameters = Parameters(
        resource_pass_count=table.integer("resource_pass_count", 1, len(RESOURCE_CODES)),
        resource_floor=table.number("resource_floor", 0, 1),
        cv_weighting=table.choice("cv_weighting", CvWeighting),
        cv_limit=_per_stage(table, "cv_limit"),
        recognition_limit=table.number("recognition_limit", 0, 1),
        satisfied_rule=table.choice("satisfied_rule", SatisfiedRule),
        dont_know_rule=table.choice("dont_know_rule", DontKnowRule),
        sample_rate=table.number("sample_rate", 0, 1),
        sample_minimum=table.integer("sample_minimum", 0, _MOST),
        parent_share=table.number("parent_share", 0, 1),
        small_group_return=table.number("small_group_return", 0, 1),
        smallest_cell=table.integer("smallest_cell", 1, 1000),
        special_school_fund=table.number("special_school_fund", 0, _MOST),
        classes_per_room=table.integer("classes_per_room", 1, 1000),
        class_size=_per_stage(table, "class_size"),
        school_size=SchoolSize(size.integer("single_stage", 1, _MOST), size.integer("multi_stage", 1, _MOST)),
        teaching_point_minimum=table.integer("teaching_point_minimum", 0, _MOST),
        basic_balance_years=table.integer("basic_balance_years", 0, 100),
        monitoring_not_sampled=table.choice("monitoring_not_sampled", MonitoringNotSampled),
        split_weights=SplitWeights(
            nine_year=_weights(split, "nine_year", ("primary", "junior")),
            complete_secondary=_weights(split, "complete_secondary", ("junior", "senior")),
            twelve_year=_weights(split, "twelve_year", ("primary", "junior", "senior")),
        ),
        flags=read_flag_parameters(table.table("flags")),
        interval_level=table.number("interval_level", Fraction(1, 2), Fraction(999, 1000)),
        reliability=ReliabilityLimits(
            smallest_sample=marks.integer("smallest_sample", 1, _MOST),
            narrow=marks.number("narrow", 0, 1),
            wide=marks.number("wide", 0, 1),
            relative_width=marks.number("relative_width", 0, 100),
            fewest_df=marks.integer("fewest_df", 1, 1000),
        ),
    )
    size.finish()
    split.finish()
    marks.finish()
    table.finish()
    return parameters


def _per_stage(table: Table, key: str) -> PerStage:
    stages = table.table(key)
    figures = PerStage(stages.number("primary", 0, _MOST), stages.number("junior", 0, _MOST))
    stages.finish()
    return figures


def _weights(split: Table, kind: str, stages: tuple[str, ...]) -> StageWeights:
    table = split.table(kind)
    weight = {stage: table.number(stage, Fraction(1, 100), 100) for stage in stages}
    table.finish()
    none = Fraction(0)
    return StageWeights(weight.get("primary", none), weight.get("junior", none), weight.get("senior", none))


def _indicator(table: Table, parameters: Parameters) -> Indicator:
    code = table.text("code")
    if code and not _CODE.fullmatch(code):
        table.note("code", "应形如 2.11", "must look like 2.11")
    kind = table.choice("kind", Kind)
    if code[:1] in _KINDS_OF_DOMAIN and kind not in _KINDS_OF_DOMAIN[code[:1]]:
        table.note("kind", f"领域 {code[0]} 不能用 {kind}", f"domain {code[0]} cannot be {kind}")
    computed = table.choice("computed", Computed) if table.has("computed") else None
    if computed is not None and kind is not Kind.NUMERIC:
        table.note("computed", "只有数值指标可由学校表计算", "only a numeric criterion is computed")
    if kind is Kind.SCHOOL:
        indicator = _wording(table, code, kind, thresholds=_per_stage(table, "thresholds"), measured=True)
    elif kind in (Kind.NUMERIC, Kind.JUDGED):
        indicator = _wording(table, code, kind, parts=_parts(table, kind, parameters), computed=computed)
    else:
        indicator = _wording(table, code, kind)
    if kind is Kind.SURVEY and table.choice("comparator", Comparator) is not Comparator.GE:
        table.note("comparator", "认可度只能与下限比较", "recognition has a lower limit")
    table.finish()
    return indicator


def _wording(
    table: Table,
    code: str,
    kind: Kind,
    *,
    thresholds: PerStage | None = None,
    parts: tuple[CriterionPart, ...] = (),
    computed: Computed | None = None,
    measured: bool = False,
) -> Indicator:
    lone = parts[0] if len(parts) == 1 else None
    return Indicator(
        code=code,
        domain=code[:1],
        kind=kind,
        zh=table.text("zh"),
        en=table.text("en"),
        short_zh=table.text("short_zh"),
        short_en=table.text("short_en"),
        comparator=table.choice("comparator", Comparator) if measured else lone.comparator if lone else None,
        unit=table.text("unit") if measured else lone.unit if lone else "",
        unit_en=table.text("unit_en") if measured else lone.unit_en if lone else "",
        thresholds=thresholds,
        parts=parts,
        computed=computed,
        units=table.texts("units"),
        source=table.text("source"),
    )


def _whole(kind: Kind, table: Table) -> CriterionPart:
    return CriterionPart("", kind, table.text("short_zh"), table.text("short_en"))


def _parts(table: Table, kind: Kind, parameters: Parameters) -> tuple[CriterionPart, ...]:
    if not table.has("parts"):
        if kind is Kind.JUDGED:
            return (_whole(kind, table),)
        return (_numeric(table, "", table.text("value_zh"), table.text("value_en"), parameters),)
    parts = []
    for part in table.tables("parts", lambda v, i: str(v.get("code", i + 1))):
        code, part_kind = part.text("code"), part.choice("kind", Kind)
        if part_kind is Kind.NUMERIC:
            parts.append(_numeric(part, code, part.text("zh"), part.text("en"), parameters))
        else:
            parts.append(CriterionPart(code, Kind.JUDGED, part.text("zh"), part.text("en")))
            if part_kind is not Kind.JUDGED:
                part.note("kind", "应为 numeric 或 judged", "must be numeric or judged")
        part.finish()
    if table.has("subjects"):
        parts = [_of_subject(part, *subject) for subject in _subjects(table) for part in parts]
    if len({part.code for part in parts}) != len(parts):
        table.note("parts", "分项代码重复", "a part's code occurs twice")
    return tuple(parts)


def _numeric(table: Table, code: str, zh: str, en: str, parameters: Parameters) -> CriterionPart:
    limit = Fraction(0)
    if not table.has("limit_from"):
        limit = table.number("limit", 0, _MOST)
    elif table.text("limit_from") == "special_school_fund":
        limit = parameters.special_school_fund
    else:
        table.note("limit_from", "只能是 special_school_fund", "can only be special_school_fund")
    return CriterionPart(
        code=code,
        kind=Kind.NUMERIC,
        zh=zh,
        en=en,
        comparator=table.choice("comparator", Comparator),
        limit=limit,
        most=table.number("most", 0, _MOST) if table.has("most") else None,
        unit=table.text("unit") if table.has("unit") else "",
        unit_en=table.text("unit_en") if table.has("unit_en") else "",
    )


def _subjects(table: Table) -> list[tuple[str, str, str]]:
    subjects = []
    for subject in table.tables("subjects", lambda v, i: str(v.get("code", i + 1))):
        subjects.append((subject.text("code"), subject.text("zh"), subject.text("en")))
        subject.finish()
    return subjects


def _of_subject(part: CriterionPart, code: str, zh: str, en: str) -> CriterionPart:
    return replace(part, code=f"{code}/{part.code}", zh=f"{zh}:{part.zh}", en=f"{en}: {part.en}", group=code)


def _check_codes(top: Table, codes: tuple[str, ...]) -> None:
    if len(set(codes)) != len(codes):
        top.note("indicators", "指标代码重复", "an indicator's code occurs twice")
    if tuple(code for code in codes if code[:1] == "1") != RESOURCE_CODES:
        top.note("indicators", "资源配置应依次为 1.1 至 1.7", "domain 1 must be 1.1 to 1.7 in order")
    if [code for code in codes if code[:1] == "4"] != ["4.1"]:
        top.note("indicators", "社会认可度应只有 4.1", "domain 4 must be 4.1 alone")
    for domain in ("2", "3", "5"):
        if not any(code[:1] == domain for code in codes):
            top.note("indicators", f"领域 {domain} 没有指标", f"domain {domain} has no indicator")
