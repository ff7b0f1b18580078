"""What a respondent's browser sent, read strictly: nothing unknown, nothing twice, nothing that is not a form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from scoring.questionnaire import SCALE_CODES, Questionnaire
from surveyapp.responses.refusals import PostFromElsewhere, PostMalformed, PostOfAnotherKind
from surveyapp.responses.tickets import FIELD_LENGTH

TICKET = "ticket"
FORM_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 60
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")
TICKET_TEXT = re.compile(rf"[A-Za-z0-9_-]{{{FIELD_LENGTH}}}")
BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
BLANK = "-"
CODES = frozenset(str(code) for code in SCALE_CODES)


@dataclass(frozen=True, slots=True)
class Post:
    """The fields of one post: the ticket's text, and what stands in every other field."""

    ticket: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """One character per item of the questionnaire, and the items that must be answered and are not."""

    codes: str
    missing: tuple[str, ...]


def refuse_foreign(sec_fetch_site: str | None, origin: str | None, own_origins: frozenset[str]) -> None:
    """Refuse a post that another site's page sent.

    Where the browser says nothing of the site, ``Origin: null`` is no sign of another one: it is what browsers
    send from our own page, because our pages forbid referrers.
    """
    if sec_fetch_site is not None:
        if sec_fetch_site not in {"same-origin", "none"}:
            raise PostFromElsewhere
    elif origin not in {None, "null"} | own_origins:
        raise PostFromElsewhere


def origin_of(url: str) -> str:
    """Return the origin of an address as browsers write it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def read_post(content_type: str, body: bytes) -> Post:
    """Read a posted form."""
    kind, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != FORM_TYPE or charset not in {"", "utf-8"}:
        raise PostOfAnotherKind
    if not body.isascii() or b"\0" in body or BROKEN_ESCAPE.search(body):
        raise PostMalformed
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True,
                          errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise PostMalformed from error
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names) or not all(FIELD_NAME.fullmatch(name) for name in names):
        raise PostMalformed
    fields = dict(pairs)
    ticket = fields.pop(TICKET, "")
    if not TICKET_TEXT.fullmatch(ticket) or not CODES.issuperset(fields.values()):
        raise PostMalformed
    return Post(ticket, tuple(fields.items()))


def answers_in(post: Post, questionnaire: Questionnaire) -> Answers:
    """Match a post's fields with a questionnaire's items; a field that is no item is refused."""
    given = dict(post.fields)
    if not given.keys() <= set(questionnaire.item_codes):
        raise PostMalformed
    missing = tuple(item.code for item in questionnaire.items if item.overall and item.code not in given)
    return Answers("".join(given.get(code, BLANK) for code in questionnaire.item_codes), missing)
