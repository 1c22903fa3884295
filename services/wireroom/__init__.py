"""Wireroom's client: what a publishing system imports."""

__version__ = "0.1.0"
