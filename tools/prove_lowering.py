"""Prove that LLVM IR which the lowering makes does what the instruction table says, and print a table.

    python tools/prove_lowering.py
    python tools/prove_lowering.py --only 'i32\\.(div|rem)'
    python tools/prove_lowering.py --all
    python tools/prove_lowering.py --effort 300
    python tools/prove_lowering.py --seconds 120

Numeric, memory and select instructions, on parameters and on constants that the lowering looks at; a
solver gets both sides (docs/check.md, "The lowering"). Without `--all`, only
what is not proved is listed. The exit code is 1 if a rule is refuted.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import time
from collections import Counter, defaultdict

from wasmdialect.check.lowering_rules import Rule, rules
from wasmdialect.check.prove_lowering import prove_rules


def group_of(rule: Rule) -> str:
    """The row of the table in docs/check.md that a rule is in."""
    if rule.name.startswith("select"):
        return "select"
    if "v128" in rule.function:
        return "vectors"
    if rule.memory:
        return "loads and stores of numbers"
    return "numbers, on constants" if " " in rule.name else "numbers"


def main() -> int:
    """Prove, print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default="", metavar="REGEX", help="rules with such a name")
    parser.add_argument("--all", action="store_true", help="list what is proved too")
    parser.add_argument(
        "--effort",
        type=int,
        default=30,
        metavar="MILLIONS",
        help="of a question to the solver, in its unit (about 3 a second)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=math.inf,
        metavar="N",
        help="of CPU, after which the rules that are left are not decided",
    )
    args = parser.parse_args()
    chosen = [rule for rule in rules() if re.search(args.only, rule.name)]
    count = Counter[str]()
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    started = time.process_time()
    for proof in prove_rules(chosen, args.effort * 1_000_000):
        count[proof.verdict] += 1
        groups[group_of(proof.rule)][proof.verdict] += 1
        if args.all or not proof.verdict.startswith("proved"):
            print(f"{proof.rule.name}: {proof.verdict}. {proof.detail}".rstrip(" ."), flush=True)
        if time.process_time() - started > args.seconds:
            left = len(chosen) - count.total()
            count["not decided"] += left
            print(
                f"the last {left} rules, from {proof.rule.name} on: not decided. No time was left"
            )
            break
    for group, verdicts in groups.items():
        print(f"{group}: " + ", ".join(f"{n} {verdict}" for verdict, n in verdicts.most_common()))
    numbers = ", ".join(f"{number} {verdict}" for verdict, number in count.most_common())
    print(f"{len(chosen)} rules: {numbers} ({time.process_time() - started:.0f} s of CPU)")
    return 1 if count["refuted"] else 0


if __name__ == "__main__":
    sys.exit(main())
