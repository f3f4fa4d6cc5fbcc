"""The parameters of a calibrator, which may come from a stranger's file."""

import pytest

from deepfake.calibration import CalibrationMethod, Calibrator


@pytest.mark.parametrize(
    ("method", "knots"),
    [
        ("platt", ((0.1, 0.2),)),
        ("isotonic", ()),
        ("isotonic", ((0.1, 0.5), (0.2, 0.4))),
        ("isotonic", ((0.2, 0.4), (0.2, 0.5))),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    method: CalibrationMethod, knots: tuple[tuple[float, float], ...]
) -> None:
    with pytest.raises(ValueError, match="knots"):
        Calibrator(method, knots=knots)


def test_beyond_its_knots_a_line_is_level() -> None:
    line = Calibrator("isotonic", knots=((0.2, 0.3), (0.4, 0.5)))
    assert line([0.0, 0.2, 0.3, 0.4, 1.0]).tolist() == pytest.approx([0.3, 0.3, 0.4, 0.5, 0.5])
