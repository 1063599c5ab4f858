"""What is said of a ratio: properties of the interval, its coverage, the verdict."""

from __future__ import annotations

import math
import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmdialect.bench import statistics
from wasmdialect.bench.statistics import (
    CONFIDENCE,
    Interval,
    block_ratio,
    bootstrap,
    expanded_tail,
    judge,
    student_quantile,
    trimmed_mean,
)

RATIOS = st.lists(st.floats(0.01, 100), min_size=2, max_size=30)
TIMES = st.lists(st.tuples(st.floats(1e-6, 1e3), st.floats(1e-6, 1e3)), min_size=1, max_size=30)


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 1000)


# --- a block ---


@given(TIMES)
def test_exchanging_the_sides_of_a_block_gives_the_inverse(times: list[tuple[float, float]]):
    left, right = zip(*times, strict=True)
    assert block_ratio(left, right) * block_ratio(right, left) == pytest.approx(1)


@given(TIMES, st.floats(0.01, 100))
def test_the_ratio_of_a_block_grows_with_its_times(times: list[tuple[float, float]], factor: float):
    left, right = zip(*times, strict=True)
    scaled = block_ratio([factor * time for time in left], right)
    assert scaled == pytest.approx(factor * block_ratio(left, right))


def test_noise_that_hits_both_sides_of_a_round_has_no_effect_on_a_block():
    source = random.Random(1)
    noise = [source.uniform(1, 20) for _ in range(15)]
    assert block_ratio([1.03 * n for n in noise], noise) == pytest.approx(1.03)


def test_a_few_disturbed_rounds_have_no_effect_on_a_block():
    assert block_ratio([1.0] * 8 + [50.0] * 7, [1.0] * 15) == 1


# --- the interval ---


@settings(deadline=None, max_examples=25)
@given(RATIOS, st.integers(0, 1 << 62))
def test_an_interval_has_its_estimate_and_stays_among_the_blocks(ratios: list[float], seed: int):
    found = bootstrap(ratios, seed)
    slack = 1 + 1e-9
    assert found.low <= found.ratio <= found.high
    assert min(ratios) <= found.low * slack
    assert found.high <= max(ratios) * slack
    assert found.ratio == pytest.approx(math.exp(trimmed_mean([math.log(r) for r in ratios])))


@settings(deadline=None, max_examples=25)
@given(RATIOS, st.floats(0.1, 10))
def test_an_interval_is_moved_by_what_moves_every_block(ratios: list[float], factor: float):
    found, moved = bootstrap(ratios, 7), bootstrap([factor * r for r in ratios], 7)
    assert moved[:3] == pytest.approx([factor * value for value in found[:3]])


@settings(deadline=None, max_examples=25)
@given(RATIOS)
def test_the_interval_of_inverses_is_the_inverse(ratios: list[float]):
    found, inverse = bootstrap(ratios, 7), bootstrap([1 / r for r in ratios], 7)
    assert inverse[:3] == pytest.approx([1 / found.ratio, 1 / found.high, 1 / found.low])


@settings(deadline=None, max_examples=10)
@given(RATIOS)
def test_the_same_seed_gives_the_same_interval(ratios: list[float]):
    assert bootstrap(ratios, 3) == bootstrap(ratios, 3)


@given(st.floats(0.01, 100), st.integers(2, 30))
def test_equal_blocks_leave_no_doubt(ratio: float, count: int):
    found = bootstrap([ratio] * count, 1)
    assert found[:3] == pytest.approx([ratio] * 3)


def test_one_block_says_nothing_and_no_block_is_an_error():
    assert bootstrap([1.5], 1) == Interval(1.5, 0.0, math.inf, 0.0)
    with pytest.raises(ValueError, match="no blocks"):
        bootstrap([], 1)


@pytest.mark.parametrize(("count", "confidence"), [(2, 0.5), (5, 0.9375), (8, 0.99), (10, 0.99)])
def test_few_blocks_cannot_be_as_sure(count: int, confidence: float):
    assert bootstrap([1.0] * count, 1).confidence == confidence


@pytest.mark.parametrize("count", [5, 10])
def test_the_true_ratio_is_in_the_interval_as_often_as_it_says(count: int):
    """Of 300 experiments with a known truth; without the correction for few blocks, 10 of them leave
    it out 4 % of the time."""
    source = random.Random(count)
    misses = 0
    for seed in range(300):
        ratios = [1.02 * math.exp(source.gauss(0, 0.01)) for _ in range(count)]
        misses += 1.02 not in bootstrap(ratios, seed)
    confidence = min(CONFIDENCE, 1 - 2 ** (1 - count))
    expected = 300 * (1 - confidence)
    assert misses <= expected + 3 * math.sqrt(expected)


@given(RATIOS)
def test_a_trimmed_mean_is_among_the_middle_values(values: list[float]):
    out = len(values) // 5
    kept = sorted(values)[out : len(values) - out]
    assert min(kept) <= trimmed_mean(values) * (1 + 1e-9)
    assert trimmed_mean(values) <= max(kept) * (1 + 1e-9)


def test_a_block_that_is_far_off_does_not_widen_the_interval():
    """One of ten, as on a busy machine: it would make that of a mean five times as wide."""
    source = random.Random(2)
    ratios = [math.exp(source.gauss(0.03, 0.005)) for _ in range(20)]
    calm = bootstrap(ratios, 1)
    disturbed = bootstrap([*ratios[2:], 0.9, 1.3], 1)
    assert disturbed.precision < 2 * calm.precision
    assert 1 not in disturbed


def test_more_blocks_give_a_narrower_interval():
    source = random.Random(1)
    ratios = [math.exp(source.gauss(0, 0.02)) for _ in range(40)]
    widths = [bootstrap(ratios[:n], 1).high - bootstrap(ratios[:n], 1).low for n in (10, 40)]
    assert widths[1] < 0.7 * widths[0]


# --- Student's t ---


@pytest.mark.parametrize(
    ("probability", "degrees", "quantile"),
    [
        (0.975, 1, 12.706),
        (0.975, 2, 4.303),
        (0.975, 7, 2.365),
        (0.995, 9, 3.250),
        (0.95, 30, 1.697),
    ],
)
def test_the_quantiles_are_those_of_the_tables(probability: float, degrees: int, quantile: float):
    assert student_quantile(probability, degrees) == pytest.approx(quantile, abs=5e-4)


def test_the_tail_is_less_than_that_of_the_percentiles_and_nears_it():
    tails = [expanded_tail(count, 0.99) for count in (5, 10, 100, 10_000)]
    assert tails == sorted(tails)
    assert tails[0] < 1e-5
    assert tails[-1] == pytest.approx(0.005, rel=0.01)


# --- the verdict ---


def interval(low: float, ratio: float, high: float) -> Interval:
    return Interval(ratio, low, high, CONFIDENCE)


NARROW = interval(0.99, 1.0, 1.01)


@pytest.mark.parametrize(
    ("ratio", "control", "differs", "reason"),
    [
        (interval(0.98, 1.03, 1.08), NARROW, False, "1 is in the interval"),
        (interval(1.02, 1.03, 1.04), NARROW, True, "1 is not in the interval"),
        (interval(0.95, 0.96, 0.97), NARROW, True, "1 is not in the interval"),
        (interval(1.02, 1.03, 1.04), interval(0.96, 1.0, 1.04), False, "differs from itself"),
        (interval(1.002, 1.01, 1.03), interval(1.005, 1.02, 1.03), False, "differs from itself"),
    ],
)
def test_a_difference_is_outside_of_both_intervals(
    ratio: Interval, control: Interval, differs: bool, reason: str
):
    verdict = judge(ratio, control)
    assert verdict.differs == differs
    assert reason in verdict.reason


@pytest.mark.parametrize(("count", "differs"), [(2, False), (4, False), (5, True)])
def test_a_few_blocks_show_no_difference(count: int, differs: bool):
    verdict = judge(bootstrap([2.0] * count, 1), bootstrap([1.0] * count, 1))
    assert verdict.differs == differs
    assert differs or "too few layouts" in verdict.reason


def test_equal_variants_are_seldom_said_to_differ():
    """Of 200 experiments with noise in blocks and rounds, of the sizes seen on a shared machine."""
    source = random.Random(4)

    def times(block: float, drift: list[float]) -> list[float]:
        return [block * d * source.lognormvariate(0, 0.03) for d in drift]

    wrong = 0
    for seed in range(200):
        ratios: list[float] = []
        controls: list[float] = []
        for _ in range(10):
            drift = [source.uniform(1, 1.5) for _ in range(15)]
            a, again, b = (times(source.lognormvariate(0, 0.01), drift) for _ in range(3))
            ratios.append(block_ratio(b, a))
            controls.append(block_ratio(again, a))
        assert median(ratios) == pytest.approx(1, abs=0.05)
        wrong += judge(bootstrap(ratios, seed), bootstrap(controls, seed)).differs
    assert wrong <= 4
