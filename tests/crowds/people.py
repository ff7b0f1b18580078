"""How simulated people read and answer: every rate is written here, with where it comes from.

Reading. Native readers read Chinese aloud at 255 ± 29 characters a minute (Trauzettel-Klosinski & Dietz, IOVS 53,
2012); silent reading is 1.3 times as fast (Brysbaert, J. Mem. Lang. 109, 2019: 238 against 183 words a minute):
5.5 characters a second. The spread between people is taken almost three times as wide as measured (30 %), so that
the crowd holds skimmers. Deciding and tapping, two seconds an item, is an assumption; so are the shares of plain
rows, departures and complaints. Nothing here knows a threshold of the flags.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from scoring.questionnaire import Questionnaire

INTRODUCTION_CHARACTERS = 66


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a kind of people is: medians, and spreads on the logarithm; both speeds go together by half."""

    characters_per_second: float
    reading_spread: float
    seconds_per_decision: float
    deciding_spread: float
    reads_introduction: float
    interrupted: float


ADULT = Pace(5.5, 0.30, 2.0, 0.35, reads_introduction=0.4, interrupted=0.05)
QUICK = Pace(10.0, 0.15, 1.2, 0.20, reads_introduction=0.0, interrupted=0.0)
ELDER = Pace(2.5, 0.40, 5.0, 0.40, reads_introduction=0.8, interrupted=0.20)
PUPIL = Pace(3.5, 0.35, 2.5, 0.35, reads_introduction=0.6, interrupted=0.02)


@dataclass(frozen=True, slots=True)
class Mood:
    """How a kind of people answers: how many plainly, around which code, and what they all complain of."""

    plain: float
    levels: tuple[float, float, float, float, float]
    """Shares of people whose prevailing answer is 5, 4, 3, 2, 1."""
    complaint_items: tuple[int, ...] = ()
    complaint: float = 0.0


CONTENT = Mood(plain=0.45, levels=(0.35, 0.50, 0.10, 0.04, 0.01))
MEETING = Mood(plain=0.65, levels=(0.45, 0.50, 0.04, 0.01, 0.0))
GRIEVANCE = Mood(plain=0.60, levels=(0.15, 0.60, 0.20, 0.04, 0.01), complaint_items=(4, 8, 9), complaint=0.80)


def seconds_taken(rng: Random, form: Questionnaire, answers: str, pace: Pace) -> float:
    """Draw how long a person takes who reads every item answered."""
    shared = rng.gauss(0, 1)
    reading = pace.characters_per_second * math.exp(pace.reading_spread * _half(rng, shared))
    deciding = pace.seconds_per_decision * math.exp(-pace.deciding_spread * _half(rng, shared))
    answered = [item for item, code in zip(form.items, answers, strict=True) if code != "-"]
    text = sum(len(item.text.zh) for item in answered)
    seconds = rng.uniform(1.5, 5) + text / reading + len(answered) * deciding + rng.uniform(0.5, 3)
    if rng.random() < pace.reads_introduction:
        seconds += INTRODUCTION_CHARACTERS / reading
    if rng.random() < pace.interrupted:
        seconds += math.exp(rng.uniform(math.log(20), math.log(3600)))
    return seconds


def answers_given(rng: Random, form: Questionnaire, mood: Mood) -> str:
    """Draw what a person answers who means it."""
    level = rng.choices((5, 4, 3, 2, 1), mood.levels)[0]
    plain = rng.random() < mood.plain
    departs = 0.0 if plain else rng.uniform(0.03, 0.6)
    grieved = rng.random() < mood.complaint
    codes = []
    for i, item in enumerate(form.items):
        if item.reversed:
            codes.append(str(_on_the_complaint(rng, level, plain)))
        elif grieved and i in mood.complaint_items:
            codes.append(rng.choices("12", (1, 5))[0])
        elif not item.overall and rng.random() < 0.02:
            codes.append(rng.choice("0-"))
        elif rng.random() < departs:
            codes.append(rng.choices((str(max(1, level - 1)), str(min(5, level + 1)), "0"), (5, 5, 1))[0])
        else:
            codes.append(str(level))
    return "".join(codes)


def _on_the_complaint(rng: Random, level: int, plain: bool) -> int:
    # Half of those who tick one column tick it here too; of the others one in eight agrees in the extreme,
    # however content: the homework can be too much at a good school.
    if plain and rng.random() < 0.5:
        return level
    return rng.choices((5, 4, 3, 2, 1, 0), (12, 18, 20, 30, 15, 5))[0]


def _half(rng: Random, shared: float) -> float:
    return math.sqrt(0.5) * shared + math.sqrt(0.5) * rng.gauss(0, 1)
