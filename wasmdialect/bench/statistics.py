"""What times of two variants say about their ratio. Nothing here measures.

Times come in *blocks*: in each, one process per variant, with a layout of its own, is measured in
rounds. Noise of a shared machine hits neighbours in time alike, so ratios are taken within a round;
layouts and processes shift all rounds of a block together (Mytkowicz et al., "Producing wrong data
without doing anything obviously wrong!", ASPLOS 2009), so blocks are what counts as independent,
and only they are drawn again: resampling the highest level alone is right for nested data (Davison
and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8; Kalibera and Jones,
"Rigorous benchmarking in reasonable time", ISMM 2013, on why repetition is needed at that level).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import NormalDist, median
from typing import NamedTuple

CONFIDENCE = 0.99
"""Of the intervals, with enough blocks."""
LEAST_CONFIDENCE = 0.9
"""Of an interval that shows a difference: five blocks."""
RESAMPLES = 20_000
TRIMMED = 0.2
"""The share of the blocks that is left out at each end: on a busy machine, one in ten is far off, which
makes the interval of a mean a third wider than that of a trimmed one (Wilcox, "Introduction to
Robust Estimation and Hypothesis Testing", 4th edition, 2017, section 4.4)."""


class Interval(NamedTuple):
    """An estimate of a ratio, with a confidence interval for the true one."""

    ratio: float
    low: float
    high: float
    confidence: float

    @property
    def precision(self) -> float:
        """Half of its width, as a share of the ratio."""
        return (self.high - self.low) / 2 / self.ratio

    def __contains__(self, ratio: object) -> bool:
        return isinstance(ratio, float | int) and self.low <= ratio <= self.high


def block_ratio(times: Sequence[float], baseline: Sequence[float]) -> float:
    """The median of the ratios of the rounds of a block, on a logarithmic scale: exchanging the two
    sides gives the inverse."""
    return math.exp(
        median(math.log(time / base) for time, base in zip(times, baseline, strict=True))
    )


def trimmed_mean(values: Sequence[float]) -> float:
    """The mean without the smallest and the largest values, as many as `TRIMMED` says."""
    out = int(TRIMMED * len(values))
    kept = sorted(values)[out : len(values) - out]
    return math.fsum(kept) / len(kept)


def bootstrap(ratios: Sequence[float], seed: int) -> Interval:
    """The trimmed geometric mean of the ratios of some blocks, and a bootstrap interval for it.

    Percentiles of few blocks are too narrow; they are moved out by Student's t, as Hesterberg does
    ("What teachers should know about the bootstrap", The American Statistician 69, 2015, section
    4.3). An interval cannot leave the range of the blocks, so it is never surer than all of them
    being on one side of the truth is unlikely: with few blocks the confidence is lower than
    CONFIDENCE.
    """
    count = len(ratios)
    if count == 0:
        raise ValueError("there are no blocks")
    logs = [math.log(ratio) for ratio in ratios]
    middle = trimmed_mean(logs)
    confidence = min(CONFIDENCE, 1 - 2 ** (1 - count))
    if count == 1:
        return Interval(math.exp(middle), 0.0, math.inf, 0.0)
    source = random.Random(seed)
    means = sorted(trimmed_mean(source.choices(logs, k=count)) for _ in range(RESAMPLES))
    # The same number of means is left out at both ends.
    outside = int(expanded_tail(count, confidence) * RESAMPLES)
    low, high = means[outside], means[-1 - outside]
    # Rounding must not put the estimate out of its interval.
    return Interval(
        math.exp(middle), math.exp(min(low, middle)), math.exp(max(high, middle)), confidence
    )


def expanded_tail(count: int, confidence: float) -> float:
    """The share of the bootstrap's means to leave out at each end, for a number of blocks."""
    quantile = student_quantile(1 - (1 - confidence) / 2, count - 1)
    return NormalDist().cdf(-math.sqrt(count / (count - 1)) * quantile)


def student_quantile(probability: float, degrees: int) -> float:
    """The quantile of Student's t distribution for a probability from 0.5 to less than 1."""
    low, high = 0.0, 1.0
    while _student_within(high, degrees) < 2 * probability - 1:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        if _student_within(middle, degrees) < 2 * probability - 1:
            low = middle
        else:
            high = middle
    return high


def _student_within(t: float, degrees: int) -> float:
    """The probability of being between -t and t (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(degrees))
    cosine = math.cos(angle)
    first = degrees % 2
    term = cosine if first else 1.0
    total = 0.0
    for number in range(first, degrees - 1, 2):
        total += term
        term *= cosine**2 * (number + 1) / (number + 2)
    if first:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


class Verdict(NamedTuple):
    """Whether two variants differ, and why that is said."""

    differs: bool
    reason: str
    """In words; what stands against a difference, if none is seen."""


def judge(ratio: Interval, control: Interval) -> Verdict:
    """Whether a ratio is a difference: there are enough blocks, 1 is outside of its interval, and the
    ratio is outside of that of the control, which has the ratio of a variant to itself."""
    if ratio.confidence < LEAST_CONFIDENCE:
        return Verdict(False, "there are too few layouts to tell")
    if 1 in ratio:
        return Verdict(False, "1 is in the interval")
    if ratio.ratio in control:
        return Verdict(False, "the same code differs from itself as much")
    return Verdict(True, "1 is not in the interval, and the ratio is not in the control's")
