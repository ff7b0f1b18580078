"""A crowd, and what the flags say of it when its forms arrive one after another."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

from scoring.flag_parameters import FlagParameters
from scoring.flag_signals import outline_of
from scoring.flags import Observation, bucket_of, flag
from scoring.link_state import LinkState, empty_state, merge, observe, without_rhythm
from scoring.questionnaire import Bilingual, Form, Group, Item, Questionnaire

QUESTIONNAIRES = Path(__file__).parents[2] / "surveyapp" / "surveys" / "questionnaires"
SALT = b"a survey's secret"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One form: the place whose link it came through, its two instants in seconds, and who sent it."""

    place: str
    opened_at: float
    sent_at: float
    answers: str
    device: str | None
    hostile: bool = False

    @property
    def seconds(self) -> float:
        """Return the time from opening to sending."""
        return self.sent_at - self.opened_at


@dataclass(frozen=True, slots=True)
class Crowd:
    """Arrivals in order of sending, and how many people each place is known to have."""

    form: Questionnaire
    arrivals: tuple[Arrival, ...]
    populations: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Played:
    """Arrivals with the codes they were given, and the state every place was left in."""

    codes: tuple[tuple[Arrival, tuple[str, ...]], ...]
    states: Mapping[str, LinkState]

    def flagged(self, *, hostile: bool) -> tuple[int, int]:
        """Return how many of the hostile or the honest were flagged, and how many there were."""
        chosen = [codes for arrival, codes in self.codes if arrival.hostile is hostile]
        return sum(bool(codes) for codes in chosen), len(chosen)

    def by_code(self, *, hostile: bool) -> Counter[str]:
        """Return how many of the hostile or the honest were given each code."""
        return Counter(code for arrival, codes in self.codes if arrival.hostile is hostile for code in codes)


def crowd_of(form: Questionnaire, populations: Mapping[str, int | None], arrivals: list[Arrival]) -> Crowd:
    """Return a crowd with its arrivals in order of sending."""
    return Crowd(form, tuple(sorted(arrivals, key=lambda a: a.sent_at)), populations)


def play(crowd: Crowd, parameters: FlagParameters) -> Played:
    """Let a crowd arrive at one worker that sees everything."""
    outline = outline_of(crowd.form)
    states = {place: empty_state(len(crowd.form.items)) for place in crowd.populations}
    played = []
    for arrival, observation in _observed(crowd, parameters):
        flagged = flag(states[arrival.place], observation, outline, parameters, SALT)
        states[arrival.place] = flagged.state
        played.append((arrival, flagged.codes))
    return Played(tuple(played), states)


@dataclass(slots=True)
class Worker:
    """One of several processes: what it read from the stored responses, and what it has seen itself since."""

    read: LinkState
    own: LinkState
    rhythm: LinkState

    @property
    def due(self) -> bool:
        """Say whether to read the stored responses again: ten new ones, or a twentieth of what there is."""
        return self.own.n_responses >= max(10, self.read.n_responses // 20)


def play_apart(crowd: Crowd, parameters: FlagParameters, rng: Random, n_workers: int) -> Played:
    """Let a crowd arrive at several workers by chance, which share nothing but the stored responses.

    A worker rebuilds a link's state from the stored answers now and then; the rhythm of arrivals it knows only
    from what it has seen itself, for no time is ever stored.
    """
    outline = outline_of(crowd.form)
    empty = empty_state(len(crowd.form.items))
    stored = dict.fromkeys(crowd.populations, empty)
    workers = {(n, place): Worker(empty, empty, empty) for n in range(n_workers) for place in crowd.populations}
    played = []
    for arrival, observation in _observed(crowd, parameters):
        worker = workers[rng.randrange(n_workers), arrival.place]
        if worker.due:
            worker.read, worker.own = stored[arrival.place], empty
        known = merge(worker.read, worker.own)
        known = replace(known, rhythm=worker.rhythm.rhythm)
        flagged = flag(known, observation, outline, parameters, SALT)
        played.append((arrival, flagged.codes))

        def seen(state: LinkState, observation: Observation = observation, codes: object = flagged.codes) -> LinkState:
            return observe(
                state,
                observation.answers,
                outline.reversed_items,
                bucket=observation.bucket,
                flagged=bool(codes),
                salt=SALT,
            )

        worker.own = without_rhythm(seen(worker.own))
        worker.rhythm = seen(worker.rhythm)
        stored[arrival.place] = without_rhythm(seen(stored[arrival.place]))
    return Played(tuple(played), stored)


def _observed(crowd: Crowd, parameters: FlagParameters) -> Iterator[tuple[Arrival, Observation]]:
    uses: Counter[tuple[str, str]] = Counter()
    for arrival in crowd.arrivals:
        if arrival.device is not None:
            uses[arrival.place, arrival.device] += 1
        yield (
            arrival,
            Observation(
                answers=arrival.answers,
                seconds=arrival.seconds,
                bucket=bucket_of(int(arrival.sent_at), parameters),
                population=crowd.populations[arrival.place],
                device_uses=None if arrival.device is None else uses[arrival.place, arrival.device],
            ),
        )


@cache
def shipped_form(name: str) -> Questionnaire:
    """Return a questionnaire as the survey app ships it: texts and reversed items are all that matters here."""
    body = tomllib.loads((QUESTIONNAIRES / f"{name}-2026.1.toml").read_text(encoding="utf-8"))
    return Questionnaire(
        id=body["id"],
        form=Form(body["form"]),
        version=body["version"],
        groups=tuple(Group(group) for group in body["groups"]),
        title=Bilingual(**body["title"]),
        intro=Bilingual(**body["intro"]),
        scale=(),
        items=tuple(
            Item(item["code"], item["topic"], Bilingual(**item["text"]), item["reversed"], item["overall"])
            for item in body["items"]
        ),
    )
