"""Recognition as shown: the share that is compared, what other rules would give, coverage, and each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flask_babel import gettext

from scoring.figures import PLACES_OF_PERCENT, is_borderline
from scoring.findings import Outcome
from scoring.mean_index import IndexBounds
from scoring.questionnaire import QuestionnaireSet
from scoring.recognition import GroupRecognition, ItemRecognition, Recognition
from scoring.recognition_finding import alternative_names
from scoring.recognition_reasons import case_names
from scoring.recognition_shares import SharedCount
from surveyapp.frame import Mark, mark_of
from surveyapp.reports.numbers import fixed, percent

_PLACES_WHERE_CLOSE = 4


@dataclass(frozen=True, slots=True)
class ShareLine:
    """One way of counting: the counts, the share, and what it alone would give."""

    words: str
    satisfied: str
    base: str
    share: str
    mark: Mark
    in_force: bool


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group: what was asked of it, what came, what it thinks."""

    name: str
    valid: int
    target: str
    missing: str
    reached: Mark
    share: str
    index: str


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One question of one form: the share of positive answers among all who answered."""

    text: str
    is_reversed: bool
    answered: int
    share: str


@dataclass(frozen=True, slots=True)
class FormItems:
    """All questions of one form, everybody who answers it together."""

    title: str
    items: tuple[ItemLine, ...]


@dataclass(frozen=True, slots=True)
class RecognitionView:
    """The recognition part of the verdict's page."""

    mark: Mark
    share: str
    limit: str
    satisfied: str
    base: str
    valid: int
    voided: int
    flagged: int
    dont_know: int
    index: str
    reasons: tuple[str, ...]
    sample_total: int | None
    alternatives: tuple[ShareLine, ...]
    flips: tuple[ShareLine, ...]
    groups: tuple[GroupLine, ...]
    forms: tuple[FormItems, ...]


def recognition_view(recognition: Recognition, questionnaires: QuestionnaireSet) -> RecognitionView:
    """Lay out the recognition of a sealed survey."""
    limit = recognition.limit
    return RecognitionView(
        mark=mark_of(recognition.outcome),
        share=share_text(recognition.share, limit),
        limit=percent(limit, 0),
        satisfied=_count(recognition.count.satisfied),
        base=_count(recognition.count.base),
        valid=recognition.valid,
        voided=recognition.voided,
        flagged=recognition.flagged,
        dont_know=recognition.dont_know,
        index=_index(recognition.index),
        reasons=tuple(reason.zh for reason in recognition.reasons),
        sample_total=recognition.targets.total if recognition.targets else None,
        alternatives=tuple(
            _line(alternative_names(found)[0], found.count, found.outcome, limit, found.in_force)
            for found in recognition.alternatives
        ),
        flips=tuple(
            _line(case_names(flip.case)[0], flip.count, flip.outcome, limit, number == 0)
            for number, flip in enumerate(recognition.flips)
        ),
        groups=tuple(_group(group) for group in recognition.groups),
        forms=_forms(recognition.items, questionnaires),
    )


def share_text(share: Fraction | None, limit: Fraction | None = None) -> str:
    """Write a share in per cent; where rounding would hide on which side of a limit it lies, with more places."""
    if share is None:
        return "–"
    close = limit is not None and is_borderline(share, limit, PLACES_OF_PERCENT + 2)
    return percent(share, _PLACES_WHERE_CLOSE if close else PLACES_OF_PERCENT)


def _line(words: str, count: SharedCount, outcome: Outcome, limit: Fraction, in_force: bool) -> ShareLine:
    return ShareLine(
        words, _count(count.satisfied), _count(count.base), share_text(count.share, limit), mark_of(outcome), in_force
    )


def _group(group: GroupRecognition) -> GroupLine:
    reached = Mark("not-applicable", "–", gettext("没有目标"))
    if group.shortfall is not None:
        enough, short = Mark("met", "✓", gettext("够")), Mark("undecided", "?", gettext("不足"))
        reached = short if group.shortfall else enough
    withheld = group.count.share is None and group.valid > 0
    return GroupLine(
        name=group.group.zh,
        valid=group.valid,
        target=_count(group.target),
        missing=_count(group.shortfall),
        reached=reached,
        share=gettext("不单独公布") if withheld else share_text(group.count.share),
        index=_index(group.index),
    )


def _forms(items: Sequence[ItemRecognition], questionnaires: QuestionnaireSet) -> tuple[FormItems, ...]:
    shown_forms = []
    for questionnaire in questionnaires.questionnaires:
        texts = {item.code: item.text.zh for item in questionnaire.items}
        pooled = [i for i in items if i.form is questionnaire.form and i.group is None]
        own = pooled or [i for i in items if i.form is questionnaire.form]
        lines = tuple(
            ItemLine(texts[item.item], item.reversed, item.answered, _item_share(item)) for item in own
        )
        if lines:
            shown_forms.append(FormItems(questionnaire.title.zh, lines))
    return tuple(shown_forms)


def _item_share(item: ItemRecognition) -> str:
    if item.count.share is None and item.answered:
        withheld: str = gettext("不单独公布")
        return withheld
    return share_text(item.count.share)


def _index(bounds: IndexBounds | None) -> str:
    if bounds is None:
        return "–"
    low, high = fixed(bounds.low, PLACES_OF_PERCENT), fixed(bounds.high, PLACES_OF_PERCENT)
    return low if low == high else f"{low}–{high}"


def _count(n: int | None) -> str:
    return "–" if n is None else str(n)
