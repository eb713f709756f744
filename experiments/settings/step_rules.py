"""The syntax of step rules, which set the number of message-passing steps at test time."""

import re

ABOVE_0 = r"(?=[\d.]*[1-9])\d*\.?\d+"  # a number above 0


RULE = re.compile(rf"[1-9]\d*|{ABOVE_0}x|oracle(\+[1-9]\d*)?|adaptive@{ABOVE_0}")


ALLOWED = (
    "whole numbers above 0, multiples of the size such as 0.5x, oracle, oracle+<number>,"
    " adaptive@<tolerance>"
)


def canonical(rule: str) -> str:
    """Return the canonical spelling of a rule: 1.0x becomes 1x."""
    if rule.startswith("adaptive@"):
        return f"adaptive@{float(rule[9:]):g}"
    return f"{float(rule[:-1]):g}x" if rule.endswith("x") else rule
