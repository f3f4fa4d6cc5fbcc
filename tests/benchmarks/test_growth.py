"""A line through times, checked against numbers worked out by hand; and times that give no line."""

import pytest

from benchmarks.growth import Growth, Line, fit_line, largest_deviation, measure_growth


def test_a_line_through_times() -> None:
    line = fit_line([4, 8, 16], [9.0, 13.0, 21.0])
    assert (line.slope, line.intercept) == (pytest.approx(1), pytest.approx(5))
    # By hand: means 2 and 4; covariance (1 * 2 + 0 + 1 * 3) / 2 over variance 1 = 2.5; 4 - 2 * 2.5 = -1.
    line = fit_line([1, 2, 3], [2.0, 3.0, 7.0])
    assert (line.slope, line.intercept) == (pytest.approx(2.5), pytest.approx(-1))
    assert largest_deviation(Line(1.0, 5.0), [4, 8, 16], [9.0, 13.0, 18.9]) == pytest.approx(0.1)


def test_the_median_of_the_repeats_counts() -> None:
    growth = Growth([2, 4], [[5.0, 90.0, 4.0], [9.0, 8.0, 9.5]])
    assert growth.medians == [5.0, 9.0]
    line = growth.line
    assert line is not None and (line.slope, line.intercept) == (pytest.approx(2), pytest.approx(1))


@pytest.mark.parametrize("growth", [Growth([1, 2], [[2.0], [1.9]]), Growth([1, 2], [[2.0], [2.0]]), Growth([3], [[1]])])
def test_times_that_do_not_grow_are_kept_without_a_speed(growth: Growth) -> None:
    plain = growth.as_dict()
    assert (plain["counts"], plain["medians"]) == (growth.counts, growth.medians)
    assert [plain[key] for key in ("seconds_per_video", "start_up_s", "largest_deviation")] == [None] * 3


def test_what_was_timed_is_handed_over_run_by_run() -> None:
    kept: list[Growth] = []
    runs = iter([1.0, 2.0, 3.0])
    with pytest.raises(StopIteration):
        measure_growth("x", [5, 10], 2, lambda number: next(runs), kept.append)
    assert [(growth.counts, growth.seconds) for growth in kept] == [
        ([5], [[1.0]]),
        ([5, 10], [[1.0], [2.0]]),
        ([5, 10], [[1.0, 3.0], [2.0]]),
    ]
