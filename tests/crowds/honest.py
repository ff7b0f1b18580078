"""Honest crowds: everybody answers once for themselves, in all the ways that look odd from outside."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from scoring.questionnaire import Questionnaire
from tests.crowds.people import (
    ADULT,
    CONTENT,
    ELDER,
    GRIEVANCE,
    MEETING,
    PUPIL,
    QUICK,
    Mood,
    Pace,
    answers_given,
    seconds_taken,
)
from tests.crowds.playback import Arrival, Crowd, crowd_of, shipped_form

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def person(
    rng: Random,
    form: Questionnaire,
    place: str,
    opened_at: float,
    *,
    pace: Pace = ADULT,
    mood: Mood = CONTENT,
    device: str | None = None,
) -> Arrival:
    """Draw one person who opens the form at an instant."""
    answers = answers_given(rng, form, mood)
    return Arrival(place, opened_at, opened_at + seconds_taken(rng, form, answers, pace), answers, device)


def waking_moment(rng: Random, days: int) -> float:
    """Draw an instant between 7 and 22 o'clock of one of the days, evenings twice as likely."""
    hour = rng.choices((rng.uniform(7, 17), rng.uniform(17, 22)), (1, 2))[0]
    return rng.randrange(days) * DAY + hour * HOUR


def everyday_school(rng: Random) -> Crowd:
    """900 parents, four of five answer in the course of five days; one in ten without a device token."""
    form = shipped_form("parent")
    arrivals = [
        person(rng, form, "school", waking_moment(rng, 5), device=None if rng.random() < 0.1 else f"d{n}")
        for n in range(720)
    ]
    return crowd_of(form, {"school": 900}, arrivals)


def parents_meeting(rng: Random) -> Crowd:
    """400 parents: 50 answered before, 340 scan within two minutes in the hall, one in ten of them very quick."""
    form = shipped_form("parent")
    before = [person(rng, form, "school", waking_moment(rng, 2)) for _ in range(50)]
    hall = [
        person(
            rng,
            form,
            "school",
            2 * DAY + 19 * HOUR + rng.uniform(0, 2 * MINUTE),
            pace=QUICK if rng.random() < 0.1 else ADULT,
            mood=MEETING,
            device=f"d{n}",
        )
        for n in range(340)
    ]
    return crowd_of(form, {"school": 400}, before + hall)


def meeting_before_anybody(rng: Random) -> Crowd:
    """The same hall, where nobody had answered before and all of the 400 parents are there."""
    form = shipped_form("parent")
    hall = [
        person(rng, form, "school", 19 * HOUR + rng.uniform(0, 5 * MINUTE), mood=MEETING, device=f"d{n}")
        for n in range(400)
    ]
    return crowd_of(form, {"school": 400}, hall)


def family_phones(rng: Random) -> Crowd:
    """300 phones at two schools: one to three people of a family hand it on, a third repeat the one before."""
    form = shipped_form("parent")
    arrivals: list[Arrival] = []
    for n in range(300):
        for place in rng.choice((("a",), ("b",), ("a", "b"))):
            opened_at = waking_moment(rng, 5)
            before = ""
            for _ in range(rng.choice((1, 2, 3))):
                drawn = person(rng, form, place, opened_at, device=f"d{n}")
                answers = before if before and rng.random() < 1 / 3 else drawn.answers
                arrivals.append(Arrival(place, opened_at, drawn.sent_at, answers, f"d{n}"))
                before, opened_at = answers, drawn.sent_at + rng.uniform(5, 60)
    return crowd_of(form, {"a": 900, "b": 900}, arrivals)


def quick_readers(rng: Random) -> Crowd:
    """A staff of 250 who read for a living, at twice the usual speed, over two days."""
    form = shipped_form("teacher")
    arrivals = [person(rng, form, "school", waking_moment(rng, 2), pace=QUICK) for _ in range(250)]
    return crowd_of(form, {"school": 260}, arrivals)


def old_people(rng: Random) -> Crowd:
    """500 grandparents over five days: slow, often interrupted, many don't-knows."""
    form = shipped_form("social")
    arrivals = [person(rng, form, "town", waking_moment(rng, 5), pace=ELDER) for _ in range(500)]
    return crowd_of(form, {"town": None}, arrivals)


def computer_lessons(rng: Random) -> Crowd:
    """Eight classes of 45 pupils, each within one lesson, no device token as on every pupils' form."""
    form = shipped_form("student")
    arrivals = [
        person(rng, form, "school", 9 * HOUR + lesson * HOUR + rng.uniform(0, 3 * MINUTE), pace=PUPIL)
        for lesson in range(8)
        for _ in range(45)
    ]
    return crowd_of(form, {"school": 380}, arrivals)


def staff_meeting(rng: Random) -> Crowd:
    """All 80 teachers of a school answer in one meeting."""
    form = shipped_form("teacher")
    arrivals = [
        person(rng, form, "school", 15 * HOUR + rng.uniform(0, 2 * MINUTE), mood=MEETING, device=f"d{n}")
        for n in range(80)
    ]
    return crowd_of(form, {"school": 80}, arrivals)


def shared_grievance(rng: Random) -> Crowd:
    """600 of 700 parents over four days; four of five complain of the same three things,
    most of them alike and of nothing else: many equal rows that are anything but plain."""
    form = shipped_form("parent")
    arrivals = [person(rng, form, "school", waking_moment(rng, 4), mood=GRIEVANCE) for _ in range(600)]
    return crowd_of(form, {"school": 700}, arrivals)


def whole_county(rng: Random) -> Crowd:
    """4,000 members of the public through one link of the county, whose number nobody knows."""
    form = shipped_form("social")
    arrivals = [person(rng, form, "county", waking_moment(rng, 7)) for _ in range(4000)]
    return crowd_of(form, {"county": None}, arrivals)


def one_address(rng: Random) -> Crowd:
    """3,000 distinct phones behind one address within ten minutes, of a school district of 3,600 parents."""
    form = shipped_form("parent")
    arrivals = [
        person(rng, form, "district", 17 * HOUR + rng.uniform(0, 10 * MINUTE), device=f"d{n}") for n in range(3000)
    ]
    return crowd_of(form, {"district": 3600}, arrivals)


def small_offices(rng: Random) -> Crowd:
    """Forty offices of twelve where everybody answers on the same morning."""
    form = shipped_form("social")
    arrivals = [
        person(rng, form, f"office {n}", 9 * HOUR + rng.uniform(0, HOUR), mood=MEETING)
        for n in range(40)
        for _ in range(12)
    ]
    return crowd_of(form, {f"office {n}": 12 for n in range(40)}, arrivals)


HONEST: tuple[Callable[[Random], Crowd], ...] = (
    everyday_school,
    parents_meeting,
    meeting_before_anybody,
    family_phones,
    quick_readers,
    old_people,
    computer_lessons,
    staff_meeting,
    shared_grievance,
    whole_county,
    one_address,
    small_offices,
)
