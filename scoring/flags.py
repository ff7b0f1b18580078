"""What a submission looks like at receipt, said in codes: flags never remove a response and never decide.

Each flag is a pure function of what is known when a form arrives. What was looked at is discarded; the response
keeps the codes, and recognition is computed with, without and against the flagged ones (the flip test).
"""

from __future__ import annotations

from dataclasses import dataclass

from scoring.findings import Reason
from scoring.flag_parameters import FlagParameters
from scoring.flag_signals import (
    FormOutline,
    contradicts,
    exceeds_population,
    in_burst,
    repeats,
    shortest_seconds,
)
from scoring.link_state import CODES, LinkState, observe

TOO_FAST = "too_fast"
CONTRADICTION = "contradiction"
REPEATED_ANSWERS = "repeated_answers"
OVER_POPULATION = "over_population"
REPEATED_DEVICE = "repeated_device"
BURST = "burst"


@dataclass(frozen=True, slots=True)
class FlagRule:
    """One flag: its code and version, and what it says of a response in both languages."""

    code: str
    version: int
    zh: str
    en: str


FLAG_RULES = (
    FlagRule(TOO_FAST, 1, "作答时间短于阅读并回答所答题目所需的最短时间", "Answered faster than the items can be read"),
    FlagRule(
        CONTRADICTION,
        1,
        "其余题目态度一致,反向题却作出最极端的相反回答,且作答匆忙",
        "Contradicts the reversed item in the extreme, and answered in a hurry",
    ),
    FlagRule(
        REPEATED_ANSWERS,
        1,
        "同一链接内重复出现同一组有起伏的答案,次数超出偶然",
        "The same varied row of answers occurs within the link more often than by chance",
    ),
    FlagRule(
        OVER_POPULATION,
        1,
        "同一链接的答卷数已超过该校该群体人数",
        "The link has more responses than the group has people there",
    ),
    FlagRule(
        REPEATED_DEVICE,
        1,
        "同一设备对同一单位、同一身份提交的份数超过允许数",
        "The device has answered for this place and role more often than a family phone would",
    ),
    FlagRule(
        BURST,
        1,
        "短时间内答卷数远超该链接平时,且另有疑点",
        "Arrived in a burst beyond the link's rhythm, with another sign beside it",
    ),
)
"""Every flag, in the order in which codes are given."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One submission as it arrives.

    ``answers`` one character per item, ``0``–``5`` or ``-``. ``seconds`` from the first page given out under
    this submission key to its receipt, ≥ 0; ``None`` where it is not known. ``bucket`` the number of the time
    bucket (``bucket_of``). ``population`` how many people of the group there are at this place; ``None`` where
    nobody knows. ``device_uses`` how often this device has answered for this place and role, this time
    included, ≥ 1; ``None`` without a device token.
    """

    answers: str
    seconds: float | None
    bucket: int
    population: int | None = None
    device_uses: int | None = None

    def __post_init__(self) -> None:
        if not self.answers or any(c not in CODES for c in self.answers):
            raise ValueError("answers are codes 0 to 5 and - for blank")
        if self.seconds is not None and not self.seconds >= 0:
            raise ValueError("a form takes 0 seconds or more")
        if self.population is not None and self.population < 0:
            raise ValueError("a population is 0 or more")
        if self.device_uses is not None and self.device_uses < 1:
            raise ValueError("a device that answers has answered once or more")


@dataclass(frozen=True, slots=True)
class Flagged:
    """The codes of one submission, and the link's state with it; kept only if the submission was new."""

    codes: tuple[str, ...]
    state: LinkState


def bucket_of(seconds: int, parameters: FlagParameters) -> int:
    """Return the number of the time bucket in which an instant falls, given as seconds since any fixed one."""
    return seconds // parameters.bucket_seconds


def flag(
    state: LinkState, observation: Observation, outline: FormOutline, parameters: FlagParameters, salt: bytes
) -> Flagged:
    """Say what a submission looks like, and return the link's state with it.

    ``too_fast``, ``over_population``, ``repeated_device`` and ``repeated_answers`` speak for themselves.
    ``contradiction`` is given only to a hurried form, ``burst`` only to a hurried form or beside another flag.
    Answers that are all the same are never evidence.

    Parameters
    ----------
    state : LinkState
        Of this link, without this submission.
    observation : Observation
        The submission.
    outline : FormOutline
        Of the form it answers, k items.
    parameters : FlagParameters
        The thresholds of the rule set in force.
    salt : bytes
        The survey's secret, 1 to 64 bytes.

    Returns
    -------
    Flagged
        Codes in the order of ``FLAG_RULES``, empty for almost everybody.

    Raises
    ------
    ValueError
        If state, answers and outline are not of the same number of items.

    Notes
    -----
    Source: method §3. What flags cannot see is written in docs/flags.md.

    Examples
    --------
    >>> from scoring.flag_signals import FormOutline
    >>> from scoring.link_state import empty_state
    >>> from scoring.ruleset import load_rule_set
    >>> thresholds = load_rule_set("national-2017").parameters.flags
    >>> form = FormOutline(characters=(15,) * 12, reversed_items=(False,) * 12)
    >>> flag(empty_state(12), Observation("4" * 12, seconds=23.9, bucket=7), form, thresholds, b"key").codes
    ('too_fast',)
    >>> flag(empty_state(12), Observation("4" * 12, seconds=24.0, bucket=7), form, thresholds, b"key").codes
    ()
    """
    answers = observation.answers
    if not len(answers) == len(outline.characters) == len(outline.reversed_items) == state.n_items:
        raise ValueError("the state, the answers and the outline are of forms of different length")
    floor = shortest_seconds(answers, outline, parameters)
    hurried = observation.seconds is not None and observation.seconds < floor * parameters.hurried_factor
    found = {
        TOO_FAST: observation.seconds is not None and observation.seconds < floor,
        CONTRADICTION: hurried and contradicts(answers, outline),
        REPEATED_ANSWERS: repeats(state, answers, outline, parameters, salt),
        OVER_POPULATION: exceeds_population(state, observation.population, parameters),
        REPEATED_DEVICE: (observation.device_uses or 0) > parameters.device_uses,
    }
    found[BURST] = (hurried or any(found.values())) and in_burst(state, observation.bucket, parameters)
    codes = tuple(rule.code for rule in FLAG_RULES if found[rule.code])
    after = observe(
        state,
        answers,
        outline.reversed_items,
        bucket=observation.bucket,
        flagged=bool(codes),
        salt=salt,
    )
    return Flagged(codes, after)


def review_reasons(state: LinkState, population: int | None, parameters: FlagParameters) -> tuple[Reason, ...]:
    """Say why a link, as a whole, should be looked at by people of the level above; empty where it need not.

    Flags are given at receipt and never afterwards: whoever came before a pattern could be seen carries none.
    This is what can be said of the link once it has closed, for all its responses alike.
    """
    reasons = []
    if population is not None and state.n_responses > population * parameters.population_share:
        n = state.n_responses
        reasons.append(
            Reason(
                OVER_POPULATION,
                f"收到答卷{n}份,超过该群体在此单位的人数{population}人,先到的答卷同样不能断定为真。",
                f"{n} responses came from a group of {population}; the earlier ones are no more certain than the rest.",
            )
        )
    many = state.n_flagged > state.n_responses * parameters.review_share
    if many and state.n_flagged >= parameters.review_minimum:
        reasons.append(
            Reason(
                "many_flagged",
                f"{state.n_responses}份答卷中有{state.n_flagged}份带有疑点标记,须由上级实地核查。",
                f"{state.n_flagged} of {state.n_responses} responses are flagged; the level above must check on site.",
            )
        )
    return tuple(reasons)
