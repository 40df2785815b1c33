"""Amounts of CPU and memory in the form in which the API gives them back, so that live and asked can be compared.

In: amounts as Score writes them, `0.5`, `1500m`, `1024Mi`. Out: `500m`, `1500m`, `1Gi`.
"""

from decimal import ROUND_CEILING, Decimal

_STEPS = {"": 1000, "k": 1000, "M": 1000, "G": 1000, "Ki": 1024, "Mi": 1024, "Gi": 1024}
_NEXT = {"": "k", "k": "M", "M": "G", "G": "T", "Ki": "Mi", "Mi": "Gi", "Gi": "Ti"}


def canonical(name: str, amount: str) -> str:
    """Write an amount of `cpu` or `memory` in its shortest form."""
    return _cpu(amount) if name == "cpu" else _memory(amount)


def _cpu(amount: str) -> str:
    milli = Decimal(amount[:-1]) if amount.endswith("m") else Decimal(amount) * 1000
    whole = int(milli.to_integral_value(ROUND_CEILING))
    return str(whole // 1000) if whole % 1000 == 0 else f"{whole}m"


def _memory(amount: str) -> str:
    digits = amount.rstrip("KMGTi")
    number, unit = int(digits), amount[len(digits) :]
    unit = "k" if unit == "K" else unit
    while unit in _NEXT and number % _STEPS[unit] == 0:
        number, unit = number // _STEPS[unit], _NEXT[unit]
    return f"{number}{unit}"
