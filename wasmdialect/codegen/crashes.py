"""Errors of workers, which the parent notices; `codegen.errors` has those that workers send."""

from __future__ import annotations


class CompileCrash(Exception):
    """Compiling one function kills the worker, or takes too long, at every level."""


class WorkerUnavailableError(CompileCrash):
    """There is no worker to compile with: none can be started, or the started process is not a
    worker."""
