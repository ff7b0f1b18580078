"""How sure the recognition figures are, as JSON of its own: it needs the auditor part, the verdict does not."""

from __future__ import annotations

from fractions import Fraction
from importlib import resources

from scoring import SCORING_VERSION
from scoring.figures import shown
from scoring.findings import Reason
from scoring.proportion import Interval, NoBase, WhyNot
from scoring.recognition_finding import Json
from scoring.robustness import Robustness
from scoring.uncertainty import Figure, Uncertainty
from scoring.verdict import Verdict

FORMAT = "county-uncertainty/1"
_WITHHELD = Reason(
    "withheld",
    "该比例低于公布下限而不予公布,区间亦不公布。",
    "The share is withheld because a count is below the smallest published cell, and so is its interval.",
)
_NO_BASE = Reason("no_base", "没有可计入的问卷。", "No questionnaire counts here.")
_WHY_NOT = {
    WhyNot.LONE_PSU: Reason(
        "lone_psu",
        "有一层只有一所学校或一个单位,抽样误差无法估计。",
        "A stratum has a lone school or office, so the sampling error cannot be estimated.",
    ),
    WhyNot.NO_DEGREES_OF_FREEDOM: Reason(
        "no_degrees_of_freedom",
        "作答者来自同一所学校或同一个单位,抽样误差无法估计。",
        "All answers come from one school or office, so the sampling error cannot be estimated.",
    ),
}


def uncertainty_document(verdict: Verdict, sureness: Uncertainty, robustness: Robustness) -> dict[str, Json]:
    """Return intervals, reliability marks and what the outcome hangs on, as JSON values.

    Shares that are withheld from the public have no interval here either, for the interval would tell them; the
    sentences on robustness name schools and are for holders of the auditor part only.

    Parameters
    ----------
    verdict : Verdict
        Whose figures these are.
    sureness : Uncertainty
        What :func:`scoring.uncertainty.uncertainty` found.
    robustness : Robustness
        What :func:`scoring.robustness.robustness` found.

    Returns
    -------
    dict
        As ``uncertainty.schema.json`` describes.
    """
    withheld = {g.group: g.count.withheld for g in verdict.recognition.groups}
    shares = {w.weighting: w.share for w in verdict.recognition.weighted}
    return {
        "format": FORMAT,
        "scoring_version": SCORING_VERSION,
        "rule_set": {"id": verdict.rule_set_id, "sha256": verdict.rule_set_sha256},
        "dossier_sha256": verdict.dossier_sha256,
        "county": {"code": verdict.county_code, "name": verdict.county_name},
        "year": verdict.year,
        "purpose": verdict.purpose.value,
        "demo": verdict.demo,
        "pooled": interval_document(sureness.pooled),
        "groups": [
            {"group": g.group.value, **interval_document(g.figure, withheld=withheld[g.group])}
            for g in sureness.groups
        ],
        "weighted": [
            {"weighting": w.weighting.value, **interval_document(w.figure, withheld=shares[w.weighting] is None)}
            for w in sureness.weighted
        ],
        "notes": [_reason(r) for r in sureness.notes],
        "robustness": [_reason(r) for r in robustness.sentences],
    }


def uncertainty_schema() -> bytes:
    """Return the JSON Schema that every such document follows."""
    return (resources.files("scoring") / "uncertainty.schema.json").read_bytes()


def interval_document(figure: Figure, *, withheld: bool = False) -> dict[str, Json]:
    """Return ``interval`` and ``interval_reason`` of one share.

    Parameters
    ----------
    figure : Figure
        The estimate and its reliability.
    withheld : bool
        Whether the share itself is not published; its interval would tell it.

    Returns
    -------
    dict
        Either the interval with figures as strings of at most six places and no reason, or ``None`` and a reason.
    """
    if isinstance(figure.estimate, NoBase):
        return _without(_NO_BASE)
    if withheld:
        return _without(_WITHHELD)
    if not isinstance(figure.estimate, Interval):
        return _without(_WHY_NOT[figure.estimate.why])
    return {"interval": _interval(figure.estimate, figure), "interval_reason": None}


def _interval(estimate: Interval, figure: Figure) -> Json:
    return {
        "low": _shown(estimate.low),
        "high": _shown(estimate.high),
        "level": _shown(estimate.level),
        "standard_error": _shown(estimate.standard_error),
        "design": "full_count" if estimate.full_count else "clusters_in_localities",
        "n": estimate.n,
        "n_psu": estimate.n_psu,
        "df": estimate.df,
        "n_eff": _shown(estimate.n_eff),
        "deff": None if estimate.deff is None else _shown(estimate.deff),
        "more_answers_than_members": bool(estimate.over_counted),
        "mark": figure.reliability.mark.value,
        "mark_reasons": [_reason(r) for r in figure.reliability.reasons],
        "complement_unreliable": figure.reliability.complement_unreliable,
    }


def _without(reason: Reason) -> dict[str, Json]:
    return {"interval": None, "interval_reason": _reason(reason)}


def _reason(reason: Reason) -> dict[str, Json]:
    return {"code": reason.code, "zh": reason.zh, "en": reason.en}


def _shown(value: float) -> str:
    return shown(Fraction(value))
