"""Exports of runs: what they are made of (`port`), the formats, and packages of many runs."""
