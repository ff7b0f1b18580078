"""What stands around every staff page: who is signed in, where one can go; and the marks all pages share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from flask import Flask, current_app, g, request, url_for
from flask_babel import format_date, format_time, lazy_gettext
from flask_babel.speaklater import LazyString
from wtforms import Field

from scoring.findings import CountyOutcome, Outcome
from scoring.sample import missing_from
from surveyapp.accounts.labels import ROLES
from surveyapp.accounts.policy import Permission, StaffMember

# One zone for the whole country, without summer time since 1991: an offset says it exactly, on every machine.
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere one can go: of the main navigation, the tabs of a county, or a choice of years."""

    label: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way to a page; the page itself has no address."""

    label: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A state for the eye: a code for the style sheet, a sign, and the word that says it."""

    code: str
    sign: str
    word: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A count against its target as a bar: its width of a hundred, and whether the target is reached."""

    width: int
    full: bool


@dataclass(frozen=True, slots=True)
class Pages:
    """One page of a long list: the addresses of its neighbours, and where it stands."""

    label: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What ``staff/base.html`` shows around a page; without a member nobody is signed in."""

    member: StaffMember | None
    role: str
    home: str
    places: tuple[Place, ...]


_PLACES: tuple[tuple[str, LazyString, Permission, frozenset[str]], ...] = (
    ("board.counties", lazy_gettext("县区"), Permission.VIEW_COUNTIES,
     frozenset({"board", "counties", "surveys", "links", "results", "reports"})),
    ("plan.index", lazy_gettext("创建计划"), Permission.VIEW_PLAN, frozenset({"plan"})),
    ("oversight.accounts", lazy_gettext("账号管理"), Permission.MANAGE_ACCOUNTS, frozenset({"oversight.accounts"})),
    ("oversight.audit", lazy_gettext("操作记录"), Permission.READ_AUDIT, frozenset({"oversight.audit"})),
)


def add_frame(app: Flask) -> None:
    """Give every staff template its ``frame``, and the fields of forms their descriptions."""
    app.context_processor(lambda: {"frame": the_frame()})
    app.jinja_env.globals["described"] = described


def the_frame() -> Frame:
    """Return the frame of the page being made."""
    member: StaffMember | None = g.get("staff_member")
    places = tuple(
        Place(str(label), url_for(endpoint), bool({request.blueprint, request.endpoint} & within))
        for endpoint, label, permission, within in _PLACES
        if member is not None and member.may(permission) and endpoint in current_app.view_functions
    )
    return Frame(member, str(ROLES[member.role]) if member else "", url_for("board.index"), places)


def described(field: Field, hint: str) -> dict[str, str]:
    """Return the attributes that tie a field to its hint and its error."""
    ids = [f"{field.id}-hint"] * bool(hint) + [f"{field.id}-error"] * bool(field.errors)
    attributes = {"aria-describedby": " ".join(ids)} if ids else {}
    return attributes | ({"aria-invalid": "true"} if field.errors else {})


def moment(when: datetime) -> str:
    """Write a time for people, to the minute, in the country's one time zone."""
    return f"{format_date(when, 'long')} {format_time(when, 'short')}"


def bar(n: int, target: int | None) -> Bar:
    """Return the bar of a count against its target; without a target it is empty."""
    full = missing_from(target, n) == 0
    if not target:
        return Bar(100 if full else 0, full)
    return Bar(min(100, 100 * n // target), full)


_MARKS = {
    Outcome.MET: ("met", "✓", lazy_gettext("达标")),
    Outcome.NOT_MET: ("not-met", "✕", lazy_gettext("未达标")),
    Outcome.UNDECIDED: ("undecided", "?", lazy_gettext("未定")),
    Outcome.NOT_APPLICABLE: ("not-applicable", "–", lazy_gettext("不适用")),
}
_COUNTY_MARKS = {
    CountyOutcome.MEETS: ("met", "✓", lazy_gettext("符合全部标准")),
    CountyOutcome.DOES_NOT_MEET: ("not-met", "✕", lazy_gettext("未达到标准")),
    CountyOutcome.VETOED: ("not-met", "✕", lazy_gettext("一票否决")),
    CountyOutcome.UNDECIDED: ("undecided", "?", lazy_gettext("尚不能判定")),
}


def mark_of(outcome: Outcome) -> Mark:
    """Return how the outcome of one finding is shown."""
    code, sign, word = _MARKS[outcome]
    return Mark(code, sign, str(word))


def mark_of_county(outcome: CountyOutcome) -> Mark:
    """Return how a county's outcome is shown."""
    code, sign, word = _COUNTY_MARKS[outcome]
    return Mark(code, sign, str(word))
