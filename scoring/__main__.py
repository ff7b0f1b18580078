"""``python -m scoring``: a dossier in, a verdict out."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from scoring.demo import FEWEST_RESPONSES, FEWEST_SCHOOLS, demonstration
from scoring.dossier import read_dossier, write_dossier
from scoring.errors import DossierError, RuleSetError
from scoring.findings import CountyOutcome
from scoring.terminal import defect_lines, robustness_lines, verdict_lines
from scoring.verdict import decide, robustness_of, verdict_bytes

EXIT_CODES = {
    CountyOutcome.MEETS: 0,
    CountyOutcome.DOES_NOT_MEET: 10,
    CountyOutcome.VETOED: 11,
    CountyOutcome.UNDECIDED: 12,
}
UNREADABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m scoring",
        description="县域义务教育优质均衡发展:由数据包计算结论。Verdict of a county from its dossier.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    verdict = commands.add_parser(
        "verdict",
        help="计算一个数据包的结论 / verdict of a dossier",
        description="Exit code: 0 meets, 10 does not meet, 11 vetoed, 12 undecided, 2 unreadable input.",
    )
    verdict.add_argument("dossier", type=Path, help="数据包(文件夹或 zip)/ dossier, a folder or a zip")
    verdict.add_argument("--json", action="store_true", help="输出完整 JSON / print the canonical JSON")
    demo = commands.add_parser("demo", help="写出演示数据包 / write a demonstration dossier")
    demo.add_argument("out", type=Path, help="输出文件夹 / folder to write public.zip and auditor.zip into")
    demo.add_argument("--seed", type=_at_least(0), default=1, help="随机种子 / seed (%(default)s)")
    demo.add_argument("--schools", type=_at_least(FEWEST_SCHOOLS), default=60, help="学校数 / schools (%(default)s)")
    demo.add_argument(
        "--responses", type=_at_least(FEWEST_RESPONSES), default=3000, help="问卷数 / responses (%(default)s)"
    )
    chosen = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a character gets its code; a verdict must not end in a crash over it.
            stream.reconfigure(errors="backslashreplace")
    if chosen.command == "demo":
        return write_demonstration(chosen.out, chosen.seed, chosen.schools, chosen.responses)
    return print_verdict(chosen.dossier, as_json=chosen.json)


def print_verdict(path: Path, *, as_json: bool) -> int:
    """Print a dossier's verdict; defects go to standard error, all of them."""
    try:
        dossier = read_dossier(path)
        verdict = decide(dossier)
    except (DossierError, RuleSetError) as error:
        print(*defect_lines(error.defects), sep="\n", file=sys.stderr)
        return UNREADABLE
    except OSError as error:
        print(f"无法读取 / cannot be read: {error}", file=sys.stderr)
        return UNREADABLE
    if as_json:
        sys.stdout.buffer.write(verdict_bytes(verdict))
    else:
        print(*verdict_lines(verdict), *robustness_lines(robustness_of(dossier, verdict.recognition)), sep="\n")
    return EXIT_CODES[verdict.outcome]


def write_demonstration(folder: Path, seed: int, n_schools: int, n_responses: int) -> int:
    """Write both parts of a demonstration dossier into a folder."""
    try:
        parts = write_dossier(demonstration(seed, n_schools, n_responses))
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in (("public.zip", parts.public), ("auditor.zip", parts.auditor)):
            (folder / name).write_bytes(data)
            print(f"{folder / name}  {len(data)} bytes")
    except (OSError, ValueError) as error:
        print(f"无法写出 / cannot be written: {error}", file=sys.stderr)
        return UNREADABLE
    print(f"dossier_sha256 {parts.sha256}")
    return 0


def _at_least(fewest: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        number = int(text)
        if number < fewest:
            raise argparse.ArgumentTypeError(f"至少 / at least {fewest}")
        return number

    return whole_number


if __name__ == "__main__":
    sys.exit(main())
