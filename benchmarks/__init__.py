"""Measurements of the real product, each beside something plain that does as little as possible."""
