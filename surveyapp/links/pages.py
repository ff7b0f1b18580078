"""What the page of links is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from surveyapp.counties.pages import CountyHead
from surveyapp.frame import Mark, Place
from surveyapp.links.models import Link
from surveyapp.links.services import SCHOOL_GROUPS
from surveyapp.surveys.labels import GROUPS
from surveyapp.surveys.models import Group, Survey, SurveyState


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
class LinksPage:
    """Template ``staff/links/index.html``."""

    head: CountyHead
    survey_id: int
    title: str
    may_issue: bool
    may_revoke: bool
    groups: tuple[GroupChoice, ...]
    n_schools: int
    rows: tuple[LinkRow, ...]
    filters: tuple[Place, ...]
    n_links: int


def links_page(
    head: CountyHead, survey: Survey, state: SurveyState, links: Sequence[Link], schools: Sequence[str],
    addresses: dict[int, str], filters: tuple[Place, ...], shown: str, *, may_prepare: bool,
) -> LinksPage:
    """Lay out a survey's links and what else can be issued."""
    standing = {(link.group_code, link.cluster) for link in links if link.revoked_at is None}
    return LinksPage(
        head=head,
        survey_id=survey.id,
        title=survey.title,
        may_issue=may_prepare and state in (SurveyState.SCHEDULED, SurveyState.OPEN),
        may_revoke=may_prepare and state is not SurveyState.SEALED,
        groups=tuple(
            GroupChoice(
                group.value, str(label), (group.value, "") in standing, group in SCHOOL_GROUPS,
                sum((group.value, school) not in standing for school in schools),
            )
            for group, label in GROUPS.items()
        ),
        n_schools=len(schools),
        rows=tuple(_row(link, addresses[link.id]) for link in links if shown in ("", link.group_code)),
        filters=filters,
        n_links=len(standing),
    )  # fmt: skip


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
