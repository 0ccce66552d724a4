"""Compares two files of answers to the same cases and counts what differs by kind.

    compare.py cases ours theirs [EXAMPLES]

Codes are compared as "an error" where the other server has none of MongoDB's own for it (code 1, 9999).
"""

import collections
import json
import sys


def main():
    cases, ours, theirs = ([json.loads(line) for line in open(name)] for name in sys.argv[1:4])
    shown = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    kinds = collections.defaultdict(list)
    for case, our, their in zip(cases, ours, theirs, strict=True):
        if not same(our, their):
            kinds[kind(case["expr"], our, their)].append((case, our, their))
    print(f"{len(cases)} cases, {sum(map(len, kinds.values()))} differ")
    for name, found in sorted(kinds.items(), key=lambda entry: -len(entry[1])):
        print(f"\n{len(found):6} {name}")
        for case, our, their in sorted(found, key=lambda one: len(json.dumps(one[0]["expr"])))[:shown]:
            expression = json.dumps(case["expr"], ensure_ascii=False)
            used = {k: v for k, v in case["doc"].items() if f'"${k}"' in expression}
            print(f"       {expression} {used or ''}\n         ours   {our}\n         theirs {their}")


def same(our, their):
    if "error" in our and "error" in their:
        return our["error"] == their["error"] or their["error"] in (1, 2, 9999)
    return canonical(our) == canonical(their)


def canonical(answer):
    """A double's text is a matter of taste: its value counts. So is a decimal's NaN with a sign."""
    text = json.dumps(answer, sort_keys=True)
    if "$numberDouble" in text:
        return json.dumps(answer, sort_keys=True, default=str) if "ok" not in answer else repr(doubles(answer))
    return text


def doubles(value):
    if isinstance(value, dict):
        if set(value) == {"$numberDouble"}:
            return float(value["$numberDouble"])
        return {name: doubles(inner) for name, inner in value.items()}
    return [doubles(inner) for inner in value] if isinstance(value, list) else value


def kind(expression, our, their):
    name = next(iter(expression)) if isinstance(expression, dict) and expression else "constant"
    return f"{name}: {what(our)} against {what(their)}"


def what(answer):
    if "ok" in answer:
        value = answer["ok"]
        return next(iter(value)) if isinstance(value, dict) and value else type(value).__name__
    return f"error {answer['error']}" if "error" in answer else next(iter(answer))


if __name__ == "__main__":
    main()
