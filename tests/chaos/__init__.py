"""Wireroom on real servers while everything fails: `make chaos SEED=… ROUNDS=…`.

`newsroom` runs it, `faults` break it, `story` makes up what is published, `oracle` knows what must be shown and judges
every document, `broken` holds the bugs that must be caught, `report` says how it went.
"""
