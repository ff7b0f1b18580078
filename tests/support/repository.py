"""The repository as git knows it: what the convention tests read."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked() -> tuple[Path, ...]:
    """Return every tracked file that still exists, as a path from the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return tuple(Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def read(path: Path) -> str:
    """Return a tracked file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


def modules(*folders: str) -> list[Path]:
    """Return the tracked Python modules below some folders of the root."""
    return [path for path in tracked() if path.suffix == ".py" and path.parts[0] in folders]
