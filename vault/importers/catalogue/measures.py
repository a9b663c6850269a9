"""Units of measure that exports are written in, and the factors between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_FACTORS: Final = {
    ("mi", "km"): 1.609344,
    ("m", "km"): 0.001,
    ("ft", "km"): 0.0003048,
    ("yd", "km"): 0.0009144,
    ("km", "m"): 1000.0,
    ("mi", "m"): 1609.344,
    ("yd", "m"): 0.9144,
    ("ft", "m"): 0.3048,
    ("in", "cm"): 2.54,
    ("ft", "cm"): 30.48,
    ("m", "cm"): 100.0,
    ("lb", "kg"): 0.45359237,
    ("g", "kg"): 0.001,
    ("st", "kg"): 6.35029318,
    ("kJ", "kcal"): 1 / 4.184,
    ("Cal", "kcal"): 1.0,
    ("cal", "kcal"): 0.001,
    ("hr", "min"): 60.0,
    ("s", "min"): 1 / 60,
    ("s", "ms"): 1000.0,
    ("count/s", "count/min"): 60.0,
    ("mmol<180.1558800000541>/L", "mg/dL"): 18.01558800000541,
    ("mmol<180.15588>/L", "mg/dL"): 18.015588,
    ("mmol/L", "mg/dL"): 18.015588,
    ("L", "mL"): 1000.0,
    ("fl_oz_us", "mL"): 29.5735295625,
    ("fl_oz_imp", "mL"): 28.4130625,
    ("cup_us", "mL"): 236.5882365,
    ("cup_imp", "mL"): 284.130625,
    ("mi/hr", "km/hr"): 1.609344,
    ("m/s", "km/hr"): 3.6,
    ("km/hr", "m/s"): 1 / 3.6,
    ("ft/s", "m/s"): 0.3048,
    ("mi/hr", "m/s"): 0.44704,
    ("ft/s", "km/hr"): 1.09728,
    ("oz", "g"): 28.349523125,
    ("kg", "g"): 1000.0,
    ("mg", "g"): 0.001,
    ("g", "mg"): 1000.0,
    ("mcg", "mg"): 0.001,
    ("kPa", "mmHg"): 7.500615758456564,
    ("ml/(kg*min)", "mL/min·kg"): 1.0,
    ("mL/(kg*min)", "mL/min·kg"): 1.0,
    ("mL/kg·min", "mL/min·kg"): 1.0,
    ("kcal/hr·kg", "kcal/hr·kg"): 1.0,
    ("kcal/kg·hr", "kcal/hr·kg"): 1.0,
    ("ppm", "count/min"): 1.0,
    ("bpm", "count/min"): 1.0,
}


def converter(given: str, wanted: str) -> Callable[[float], float] | None:
    """What brings a number from one unit to another; None where nobody knows."""
    if given == wanted:
        return _same
    if (given, wanted) == ("degF", "degC"):
        return _celsius
    factor = _FACTORS.get((given, wanted))
    return None if factor is None else lambda number: number * factor


def _same(number: float) -> float:
    return number


def _celsius(number: float) -> float:
    return (number - 32) / 1.8
