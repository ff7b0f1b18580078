"""Print the tables of docs/flags.md: every crowd over seeds 0 to 29, at one worker and at four."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

from scoring.flags import FLAG_RULES
from scoring.ruleset import load_rule_set
from tests.crowds.honest import HONEST
from tests.crowds.hostile import Style, sabotage_of_a_county, script_at_a_school, staff_room
from tests.crowds.playback import Crowd, Played, play, play_apart

THRESHOLDS = load_rule_set("national-2017").parameters.flags
SEEDS = range(30)

Make = Callable[[Random], Crowd]


def line(name: str, make: Make, *, hostile: bool) -> str:
    """Return one row: people, share flagged, the run furthest from it, share at four workers, codes."""
    alone = [play(make(Random(seed)), THRESHOLDS) for seed in SEEDS]
    apart = [play_apart(make(Random(seed)), THRESHOLDS, Random(seed), 4) for seed in SEEDS]
    shares = [flagged / n for flagged, n in (played.flagged(hostile=hostile) for played in alone)]
    worst = min(shares) if hostile else max(shares)
    codes: Counter[str] = sum((played.by_code(hostile=hostile) for played in alone), Counter())
    n = sum(played.flagged(hostile=hostile)[1] for played in alone)
    spoken = ", ".join(f"{rule.code} {codes[rule.code] / n:.2%}" for rule in FLAG_RULES if codes[rule.code])
    flagged = overall(alone, hostile=hostile)
    return f"| {name} | {n:,} | {flagged:.2%} | {worst:.2%} | {overall(apart, hostile=hostile):.2%} | {spoken} |\n"


def overall(runs: list[Played], *, hostile: bool) -> float:
    """Return the share flagged over all runs."""
    pairs = [played.flagged(hostile=hostile) for played in runs]
    return sum(flagged for flagged, _ in pairs) / sum(n for _, n in pairs)


def main() -> None:
    """Write both tables."""
    for make in HONEST:
        sys.stdout.write(line(make.__name__, make, hostile=False))
    sys.stdout.write("\n")
    for style in Style:
        sys.stdout.write(line(f"script_at_a_school, {style}", partial(script_at_a_school, style=style), hostile=True))
    for keeps in (True, False):
        name = "staff_room" if keeps else "staff_room, device cleared"
        sys.stdout.write(line(name, partial(staff_room, keeps_token=keeps), hostile=True))
    for style in Style:
        sys.stdout.write(
            line(f"sabotage_of_a_county, {style}", partial(sabotage_of_a_county, style=style), hostile=True)
        )


if __name__ == "__main__":
    main()
