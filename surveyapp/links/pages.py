"""What the page of links is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from surveyapp.counties.pages import CountyHead
from surveyapp.frame import Crumb, Mark, Pages, Place
from surveyapp.links.models import Link
from surveyapp.links.services import SCHOOL_GROUPS
from surveyapp.surveys.labels import GROUPS
from surveyapp.surveys.models import Group, Survey, SurveyState
from surveyapp.surveys.pages import survey_head

LINKS_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link."""

    id: int
    group: str
    place: str
    address: str
    state: Mark
    standing: bool


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """What can be issued for one group: county-wide, and at all schools, unless it is there already."""

    code: str
    label: str
    wide_issued: bool
    per_school: bool
    n_missing: int


@dataclass(frozen=True, slots=True)
class SchoolChoice:
    """One school that links can be issued for, or for which all are there."""

    code: str
    name: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Issued:
    """What there is of a survey's links, and where each leads."""

    links: Sequence[Link]
    addresses: Mapping[int, str]

    def standing(self) -> set[tuple[str, str]]:
        """Return for which group and school a link can be followed."""
        return {(link.group_code, link.cluster) for link in self.links if link.revoked_at is None}


@dataclass(frozen=True, slots=True)
class Shown:
    """Which of the links the reader asked for: those of one group, or all, and the page of a long list."""

    group: str
    page: int


@dataclass(frozen=True, slots=True)
class LinksPage:
    """Template ``staff/links/index.html``."""

    head: CountyHead
    survey_id: int
    title: str
    may_issue: bool
    may_revoke: bool
    groups: tuple[GroupChoice, ...]
    schools: tuple[SchoolChoice, ...]
    rows: tuple[LinkRow, ...]
    filters: tuple[Place, ...]
    pages: Pages
    shown: Shown
    n_links: int
    only_here: bool


def links_page(
    survey: Survey, state: SurveyState, issued: Issued, schools: Sequence[tuple[str, str]], shown: Shown, *,
    may_prepare: bool, only_here: bool,
) -> LinksPage:
    """Lay out a survey's links and what else can be issued; ``only_here``: no other machine can open them."""
    standing = issued.standing()
    own = Crumb(survey.title, url_for("board.survey", survey_id=survey.id))
    rows = [link for link in issued.links if shown.group in ("", link.group_code)]
    n_pages = max(1, -(-len(rows) // LINKS_PER_PAGE))
    at = Shown(shown.group, min(max(1, shown.page), n_pages))
    return LinksPage(
        head=survey_head(survey, own, Crumb(gettext("链接"))),
        survey_id=survey.id,
        title=survey.title,
        may_issue=may_prepare and state in (SurveyState.SCHEDULED, SurveyState.OPEN),
        may_revoke=may_prepare and state is not SurveyState.SEALED,
        groups=tuple(
            GroupChoice(
                group.value, str(label), (group.value, "") in standing, group in SCHOOL_GROUPS,
                sum((group.value, school) not in standing for school, _ in schools),
            )
            for group, label in GROUPS.items()
        ),
        schools=tuple(
            SchoolChoice(code, name, all((group.value, code) in standing for group in SCHOOL_GROUPS))
            for code, name in schools
        ),
        rows=tuple(
            _row(link, issued.addresses[link.id])
            for link in rows[(at.page - 1) * LINKS_PER_PAGE : at.page * LINKS_PER_PAGE]
        ),
        filters=_filters(survey.id, at.group),
        pages=_pages(survey.id, at, n_pages),
        shown=at,
        n_links=len(standing),
        only_here=only_here,
    )  # fmt: skip


def _filters(survey_id: int, group: str) -> tuple[Place, ...]:
    named = (("", gettext("全部")), *((each.value, str(text)) for each, text in GROUPS.items()))
    return tuple(
        Place(label, url_for("links.listed", survey_id=survey_id, group=code or None), code == group)
        for code, label in named
    )


def _pages(survey_id: int, at: Shown, n_pages: int) -> Pages:
    def address(number: int) -> str:
        return url_for("links.listed", survey_id=survey_id, group=at.group or None, page=number)

    return Pages(
        label=gettext("第 %(page)s 页，共 %(n)s 页", page=at.page, n=n_pages),
        before=address(at.page - 1) if at.page > 1 else "",
        after=address(at.page + 1) if at.page < n_pages else "",
    )


def _row(link: Link, address: str) -> LinkRow:
    standing = link.revoked_at is None
    return LinkRow(
        id=link.id,
        group=str(GROUPS[Group(link.group_code)]),
        place=link.cluster_name or gettext("全县"),
        address=address,
        state=Mark("met", "✓", gettext("有效")) if standing else Mark("not-applicable", "–", gettext("已停用")),
        standing=standing,
    )
