"""A progress bar for a province's run, on standard error so that results can be piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scoring.province import Scored


@contextmanager
def progress(total: int) -> Iterator[Callable[[Scored], None]]:
    """Give a function to be told of every finished dossier."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("计算 / scoring", total=total)

        def done(scored: Scored) -> None:
            bar.update(task, advance=1, description=f"{scored.name[:40]:<40}")

        yield done
