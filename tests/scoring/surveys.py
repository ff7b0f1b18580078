"""Small surveys to start from: two forms of three items, and responses given as a few characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from scoring.counts import Counts, publish
from scoring.demo_questionnaires import demo_questionnaires
from scoring.questionnaire import Form, Group, Item, Questionnaire, QuestionnaireSet
from scoring.recognition import Recognition, recognise
from scoring.responses import ResponseRecord, ResponseTable, response_table
from scoring.ruleset import Parameters, load_rule_set
from scoring.tally import tally

PARAMETERS: Parameters = load_rule_set("national-2017").parameters


def _short(form: Questionnaire) -> Questionnaire:
    """Keep one plain, the reversed and the overall item: q01, q02, q03."""
    plain, turned, overall = form.items[0], *[i for i in form.items if i.reversed or i.overall]
    items: list[Item] = [replace(i, code=f"q{n:02d}") for n, i in enumerate((plain, turned, overall), start=1)]
    return replace(form, items=tuple(items))


FORMS = QuestionnaireSet(tuple(_short(form) for form in demo_questionnaires().questionnaires))
FORM_OF = {g: q.form for q in FORMS.questionnaires for g in q.groups}


def records(*lots: tuple[Group, int, str], **marks: object) -> list[ResponseRecord]:
    """Return n responses of each lot (group, n, answers); marks go on all of them."""
    numbers = count(1)
    return [
        replace(ResponseRecord(f"{next(numbers):032x}", group, "", FORM_OF[group], answers), **marks)  # type: ignore[arg-type]
        for group, n, answers in lots
        for _ in range(n)
    ]


def renumbered(rows: Sequence[ResponseRecord]) -> list[ResponseRecord]:
    """Return the rows with ids of their own."""
    return [replace(row, response_id=f"{n:032x}") for n, row in enumerate(rows, start=1)]


def table(rows: Sequence[ResponseRecord]) -> ResponseTable:
    """Return responses as a table; ids are given anew."""
    return response_table(renumbered(rows), FORMS)


def published(rows: Sequence[ResponseRecord], parameters: Parameters = PARAMETERS) -> Counts:
    """Return the public counts of some responses."""
    return publish(tally(table(rows), FORMS), FORMS, parameters)


def recognised(
    rows: Sequence[ResponseRecord],
    *,
    residents: int | None = 1,
    populations: dict[str, int | None] | None = None,
    parameters: Parameters = PARAMETERS,
) -> Recognition:
    """Return the recognition of some responses; one resident asks for a single answer, of a parent."""
    return recognise(published(rows, parameters), FORMS, populations or {}, residents, parameters)


def overall(n_satisfied: int, n_not: int, group: Group = Group.PARENT) -> list[ResponseRecord]:
    """Return responses of which some are satisfied by the overall item and some are not."""
    return records((group, n_satisfied, "525"), (group, n_not, "242"))


assert {q.form for q in FORMS.questionnaires} == set(Form)
