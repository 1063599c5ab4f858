"""Comparing two variants of a module: building both, running them in turns, and what the times say.
docs/bench.md explains the method."""
