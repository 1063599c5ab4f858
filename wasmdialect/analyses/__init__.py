"""Analyses: facts about a function, computed when they are asked for and never stored in the IR.

`analysis(Dominators, function)` gives the facts of a function as it is. While passes run, they are
kept until the pass ends: the next one gets fresh ones. A pass that asks again after a change of its own
says `forget(function)` before. docs/analyses.md describes each analysis.
"""

from wasmdialect.analyses.cache import analysis, forget
from wasmdialect.analyses.call_graph import CallGraph
from wasmdialect.analyses.congruences import Congruence, Congruences
from wasmdialect.analyses.control_flow import ControlFlow
from wasmdialect.analyses.def_use import DefUse
from wasmdialect.analyses.dominators import Dominators, PostDominators
from wasmdialect.analyses.effects import Access, Effects
from wasmdialect.analyses.frequencies import Frequencies, likely_blocks
from wasmdialect.analyses.induction import Affine, Induction
from wasmdialect.analyses.intervals import Range
from wasmdialect.analyses.liveness import Liveness
from wasmdialect.analyses.loops import IrreducibleRegion, Loop, Loops
from wasmdialect.analyses.polynomials import Polynomial
from wasmdialect.analyses.ranges import Ranges
from wasmdialect.analyses.trap_free import misplaced_accesses
from wasmdialect.analyses.trip_counts import TripCount, TripCounts

__all__ = [
    "Access",
    "Affine",
    "CallGraph",
    "Congruence",
    "Congruences",
    "ControlFlow",
    "DefUse",
    "Dominators",
    "Effects",
    "Frequencies",
    "Induction",
    "IrreducibleRegion",
    "Liveness",
    "Loop",
    "Loops",
    "Polynomial",
    "PostDominators",
    "Range",
    "Ranges",
    "TripCount",
    "TripCounts",
    "analysis",
    "forget",
    "likely_blocks",
    "misplaced_accesses",
]
