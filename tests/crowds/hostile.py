"""Hostile crowds among honest ones: a script at one school, a staff room, sabotage of a county.

A style says how the forged forms look. The first two are what scripts and tired people do; the others know the
flags and go round them, and are here to measure what cannot be caught.
"""

from __future__ import annotations

import math
from enum import StrEnum
from random import Random

from scoring.questionnaire import Questionnaire
from tests.crowds.honest import DAY, HOUR, MINUTE, person, waking_moment
from tests.crowds.people import ADULT, Mood, answers_given, seconds_taken
from tests.crowds.playback import Arrival, Crowd, crowd_of, shipped_form

PRAISE = Mood(plain=0.8, levels=(0.9, 0.1, 0.0, 0.0, 0.0))
BLAME = Mood(plain=0.5, levels=(0.0, 0.0, 0.0, 0.2, 0.8))


class Style(StrEnum):
    """How the forged forms are made."""

    AT_ONCE = "at_once"
    SHORT_WAIT = "short_wait"
    ONE_ROW_PATIENT = "one_row_patient"
    TWENTY_ROWS_PATIENT = "twenty_rows_patient"
    PLAIN_PATIENT = "plain_patient"
    MIXED_PATIENT = "mixed_patient"


def forged(rng: Random, form: Questionnaire, mood: Mood, style: Style, rows: list[str]) -> tuple[str, float]:
    """Draw the answers and the time of one forged form; ``rows`` are the varied rows a script holds ready."""
    answers = answers_given(rng, form, mood)
    if style is Style.ONE_ROW_PATIENT:
        answers = rows[0]
    elif style is Style.TWENTY_ROWS_PATIENT:
        answers = rng.choice(rows[:20])
    elif style is Style.PLAIN_PATIENT:
        answers = ("5" if mood is PRAISE else "1") * len(form.items)
    if style is Style.AT_ONCE:
        return answers, rng.uniform(0.3, 3)
    if style is Style.SHORT_WAIT:
        return answers, rng.uniform(5, 20)
    return answers, seconds_taken(rng, form, answers, ADULT)


def varied_rows(rng: Random, form: Questionnaire, mood: Mood, n: int) -> list[str]:
    """Draw rows with at least three answers off the line, as somebody writes who wants them to look real."""
    level = "5" if mood is PRAISE else "1"
    off = "4" if mood is PRAISE else "2"
    rows = []
    for _ in range(n):
        codes = [level] * len(form.items)
        for i in rng.sample(range(len(form.items)), rng.randint(3, 5)):
            codes[i] = off
        rows.append("".join(codes))
    return rows


def script_at_a_school(rng: Random, style: Style) -> Crowd:
    """1,000 forged forms in ten minutes to a school of 400 parents, each from a new device; 60 honest before."""
    form = shipped_form("parent")
    rows = varied_rows(rng, form, PRAISE, 20)
    arrivals = [person(rng, form, "school", waking_moment(rng, 2)) for _ in range(60)]
    for n in range(1000):
        answers, seconds = forged(rng, form, PRAISE, style, rows)
        sent_at = 2 * DAY + 20 * HOUR + rng.uniform(0, 10 * MINUTE)
        arrivals.append(Arrival("school", sent_at - seconds, sent_at, answers, f"forged {n}", hostile=True))
    return crowd_of(form, {"school": 400}, arrivals)


def staff_room(rng: Random, *, keeps_token: bool) -> Crowd:
    """One device, 60 forms one after another, median 12 seconds each; 100 of 400 parents answered before."""
    form = shipped_form("parent")
    arrivals = [person(rng, form, "school", waking_moment(rng, 2)) for _ in range(100)]
    opened_at = 2 * DAY + 16 * HOUR
    for _ in range(60):
        sent_at = opened_at + 12 * math.exp(rng.gauss(0, 0.3))
        answers = answers_given(rng, form, PRAISE)
        device = "staff room" if keeps_token else None
        arrivals.append(Arrival("school", opened_at, sent_at, answers, device, hostile=True))
        opened_at = sent_at + rng.uniform(1, 4)
    return crowd_of(form, {"school": 400}, arrivals)


def sabotage_of_a_county(rng: Random, style: Style) -> Crowd:
    """300 bad forms in 20 minutes, through the links of 12 schools, into a county of 5,000 honest responses."""
    form = shipped_form("parent")
    rows = varied_rows(rng, form, BLAME, 20)
    schools = [f"school {n}" for n in range(12)]
    arrivals = [person(rng, form, rng.choice(schools), waking_moment(rng, 5)) for _ in range(5000)]
    for n in range(300):
        answers, seconds = forged(rng, form, BLAME, style, rows)
        sent_at = 3 * DAY + 21 * HOUR + rng.uniform(0, 20 * MINUTE)
        place = rng.choice(schools)
        arrivals.append(Arrival(place, sent_at - seconds, sent_at, answers, f"forged {n}", hostile=True))
    return crowd_of(form, dict.fromkeys(schools, 700), arrivals)
