"""``python -m scoring``: a dossier in, a verdict out."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from scoring import commands
from scoring.demo import FEWEST_RESPONSES, FEWEST_SCHOOLS

DOSSIER = "数据包(文件夹或 zip)/ dossier, a folder or a zip"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    chosen = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a character gets its code; a verdict must not end in a crash over it.
            stream.reconfigure(errors="backslashreplace")
    return _run(chosen)


def _run(chosen: argparse.Namespace) -> int:
    match chosen.command:
        case "verdict":
            return commands.verdict_command(chosen.dossier, as_json=chosen.json)
        case "uncertainty":
            return commands.uncertainty_command(chosen.dossier)
        case "explain":
            return commands.explain_command(chosen.dossier, chosen.code)
        case "diff":
            return commands.diff_command(chosen.first, chosen.second)
        case "repair":
            return commands.repair_command(
                chosen.dossier, chosen.costs, gap=chosen.gap, seconds=chosen.seconds, json_file=chosen.json
            )
        case "province":
            return commands.province_command(
                chosen.dossiers, chosen.out, scheduler=chosen.scheduler, processes=chosen.processes
            )
        case _:
            return commands.demo_command(chosen.out, chosen.seed, chosen.schools, chosen.responses)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scoring",
        description="县域义务教育优质均衡发展:由数据包计算结论。Verdict of a county from its dossier.",
    )
    add = parser.add_subparsers(dest="command", required=True).add_parser
    verdict = add(
        "verdict",
        help="计算一个数据包的结论 / verdict of a dossier",
        description="Exit code: 0 meets, 10 does not meet, 11 vetoed, 12 undecided, 2 unreadable input.",
    )
    verdict.add_argument("dossier", type=Path, help=DOSSIER)
    verdict.add_argument("--json", action="store_true", help="输出完整 JSON / print the canonical JSON")
    sure = add("uncertainty", help="审计部分的区间与稳健性(JSON)/ intervals and robustness of an auditor part")
    sure.add_argument("dossier", type=Path, help=DOSSIER)
    explain = add("explain", help="一项判定的依据,追溯到文件和行 / one finding, back to file and row")
    explain.add_argument("dossier", type=Path, help=DOSSIER)
    explain.add_argument("code", help="编码,如 2.5 或 1.cv/primary/1.4 / code of the finding")
    diff = add(
        "diff",
        help="两个数据包有何不同、哪些判定因此改变 / what changed, and which findings because of it",
        description="Exit code: 0 no difference, 30 different, 2 unreadable input.",
    )
    diff.add_argument("first", type=Path, help=DOSSIER)
    diff.add_argument("second", type=Path, help=DOSSIER)
    repair = add(
        "repair",
        help="使资源配置达标的最省方案 / the cheapest plan for domain 1",
        description="Exit code: 0 a plan, 20 no plan (with the reasons), 2 unreadable input.",
    )
    repair.add_argument("dossier", type=Path, help=DOSSIER)
    repair.add_argument("--costs", type=Path, required=True, help="单价和上限 / prices and caps (TOML)")
    repair.add_argument("--gap", type=float, default=0.01, help="允许的最优差距 / relative gap (%(default)s)")
    repair.add_argument("--seconds", type=float, default=60.0, help="每次求解上限 / seconds a solve (%(default)s)")
    # To a file, because the solver's library writes remarks of its own to standard output.
    repair.add_argument("--json", type=Path, metavar="FILE", help="另存为 JSON / write JSON to a file too")
    province = add("province", help="多个县的结论和对比表 / verdicts and a comparison of many counties")
    province.add_argument("dossiers", type=Path, nargs="+", help="数据包(zip)/ dossiers as zips")
    province.add_argument("--out", type=Path, default=Path("province"), help="输出文件夹 / folder (%(default)s)")
    province.add_argument("--scheduler", help="Dask 调度器地址 / address of a Dask scheduler")
    province.add_argument("--processes", type=_at_least(1), help="本机进程数 / processes here (all cores)")
    demo = add("demo", help="写出演示数据包 / write a demonstration dossier")
    demo.add_argument("out", type=Path, help="输出文件夹 / folder to write public.zip and auditor.zip into")
    demo.add_argument("--seed", type=_at_least(0), default=1, help="随机种子 / seed (%(default)s)")
    demo.add_argument("--schools", type=_at_least(FEWEST_SCHOOLS), default=60, help="学校数 / schools (%(default)s)")
    demo.add_argument(
        "--responses", type=_at_least(FEWEST_RESPONSES), default=3000, help="问卷数 / responses (%(default)s)"
    )
    return parser


def _at_least(fewest: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        number = int(text)
        if number < fewest:
            raise argparse.ArgumentTypeError(f"至少 / at least {fewest}")
        return number

    return whole_number


if __name__ == "__main__":
    sys.exit(main())
