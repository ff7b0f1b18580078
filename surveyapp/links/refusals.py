"""What can be refused about links."""

from __future__ import annotations


class LinkTooNarrow(Exception):
    """A link of this group at one school would say who answered."""
