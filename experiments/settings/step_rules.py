"""How a rule for the number of message-passing steps is written."""

import re

ABOVE_0 = r"(?=[\d.]*[1-9])\d*\.?\d+"


RULE = re.compile(rf"[1-9]\d*|{ABOVE_0}x|oracle(\+[1-9]\d*)?|adaptive@{ABOVE_0}")


ALLOWED = (
    "whole numbers above 0, multiples of the size such as 0.5x, oracle, oracle+<number>,"
    " adaptive@<tolerance>"
)


def canonical(rule: str) -> str:
    """The one way to write a rule: 1.0x is 1x."""
    if rule.startswith("adaptive@"):
        return f"adaptive@{float(rule[9:]):g}"
    return f"{float(rule[:-1]):g}x" if rule.endswith("x") else rule
