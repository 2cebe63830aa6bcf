"""Solutions of benchmark tasks written anew, by hand: other names, another way, no word of the statement."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from functools import reduce
from itertools import accumulate, combinations, groupby, pairwise
from math import comb, gcd, prod

# Each function is called `REWRITTEN_<task>`; the benchmark of a task is told by the prefix.


def humaneval_0(values: list[float], limit: float) -> bool:
    ordered = sorted(values)
    return any(right - left < limit for left, right in pairwise(ordered))


def humaneval_3(moves: list[int]) -> bool:
    return min(accumulate(moves), default=0) < 0


def humaneval_4(sample: list[float]) -> float:
    count = len(sample)
    centre = sum(sample) / count
    return sum(value - centre if value > centre else centre - value for value in sample) / count


def humaneval_5(items: list[int], between: int) -> list[int]:
    return [part for item in items for part in (item, between)][:-1]


def humaneval_9(values: list[int]) -> list[int]:
    return list(accumulate(values, max))


def humaneval_12(words: list[str]) -> str | None:
    return max(words, key=len, default=None)


def humaneval_13(first: int, second: int) -> int:
    return gcd(first, second)


def humaneval_16(text: str) -> int:
    return len(Counter(text.casefold()))


def humaneval_18(text: str, part: str) -> int:
    return sum(text.startswith(part, start) for start in range(len(text)))


def humaneval_20(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    gaps = [(right - left, place) for place, (left, right) in enumerate(pairwise(ordered))]
    place = min(gaps)[1]
    return ordered[place], ordered[place + 1]


def humaneval_21(values: list[float]) -> list[float]:
    low, *_, high = sorted(values)
    return [(value - low) / (high - low) for value in values]


def humaneval_25(number: int) -> list[int]:
    for divisor in range(2, number + 1):
        if number % divisor == 0:
            return [divisor, *humaneval_25(number // divisor)]
    return []


def humaneval_26(values: list[int]) -> list[int]:
    times = Counter(values)
    return [value for value in values if times[value] < 2]


def humaneval_31(number: int) -> bool:
    return number > 1 and not any(number % other == 0 for other in range(2, number))


def humaneval_36(bound: int) -> int:
    total = 0
    for number in range(bound):
        if not number % 11 or not number % 13:
            while number:
                total += number % 10 == 7
                number //= 10
    return total


def humaneval_40(values: list[int]) -> bool:
    return any(sum(three) == 0 for three in combinations(values, 3))


def humaneval_44(number: int, base: int) -> str:
    digits = []
    while number:
        number, digit = divmod(number, base)
        digits.append(str(digit))
    return "".join(reversed(digits))


def humaneval_46(place: int) -> int:
    window = [0, 0, 2, 0]
    for _ in range(place):
        window = [*window[1:], sum(window)]
    return window[0]


def humaneval_54(left: str, right: str) -> bool:
    return not set(left) ^ set(right)


def humaneval_55(place: int) -> int:
    before, now = 0, 1
    for _ in range(place):
        before, now = now, before + now
    return before


def humaneval_56(text: str) -> bool:
    while "<>" in text:
        text = text.replace("<>", "")
    return not text


def humaneval_57(values: list[int]) -> bool:
    steps = {(right > left) - (right < left) for left, right in pairwise(values)}
    return not {1, -1} <= steps


def humaneval_58(left: list[int], right: list[int]) -> list[int]:
    return sorted({value for value in left if value in right})


def humaneval_62(coefficients: list[int]) -> list[int]:
    return [power * value for power, value in enumerate(coefficients)][1:]


def humaneval_66(text: str) -> int:
    return sum(map(ord, filter(str.isupper, text)))


def mbpp_11(text: str, letter: str) -> str:
    head, found, tail = text.partition(letter)
    before, found_last, after = tail.rpartition(letter)
    return head + (before + after if found_last else tail) if found else text


def mbpp_12(rows: list[list[int]]) -> list[list[int]]:
    return sorted(rows, key=sum)


def mbpp_14(length: int, width: int, height: int) -> float:
    return length * width * height / 2


def mbpp_18(text: str, unwanted: str) -> str:
    return "".join(letter for letter in text if unwanted.find(letter) < 0)


def mbpp_19(values: list[int]) -> bool:
    return any(values[place] in values[:place] for place in range(len(values)))


def mbpp_21(count: int, step: int) -> list[int]:
    # the benchmark's order of parameters
    return [step * place for place in range(1, count + 1)]


def mbpp_22(values: list[int]) -> int:
    seen: dict[int, bool] = defaultdict(bool)
    for value in values:
        if seen[value]:
            return value
        seen[value] = True
    return -1


def mbpp_23(rows: list[list[int]]) -> int:
    return max(sum(row) for row in rows)


def mbpp_24(binary: int) -> int:
    return int(str(binary), 2)


def mbpp_28(size: int, chosen: int) -> int:
    return comb(size, chosen)


def mbpp_32(number: int) -> int:
    largest = divisor = 2
    while number > 1:
        if number % divisor:
            divisor += 1
        else:
            largest = divisor
            number //= divisor
    return largest


def mbpp_33(number: int) -> int:
    return int(f"{number:b}")


def mbpp_35(place: int) -> int:
    return place * place + place


def mbpp_40(rows: list[list[int]]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for row in rows:
        for value in row:
            counts[value] = counts.get(value, 0) + 1
    return counts


def mbpp_41(values: list[int]) -> list[int]:
    return [value for value in values if not value & 1]


def mbpp_45(values: list[int]) -> int:
    return reduce(gcd, values)


def mbpp_46(values: list[int]) -> bool:
    ordered = sorted(values)
    return all(len(list(group)) == 1 for _, group in groupby(ordered))


def mbpp_49(rows: list[list[int]], place: int) -> list[int]:
    return list(list(zip(*rows, strict=False))[place])


def mbpp_52(base: int, height: int) -> int:
    return prod((base, height))


def mbpp_53(text: str) -> str:
    return "Equal" if text.startswith(text[-1]) else "Not Equal"


def mbpp_54(values: list[int]) -> list[int]:
    times = Counter(values)
    return [value for value in range(min(values), max(values) + 1) for _ in range(times[value])]


def mbpp_55(first: int, count: int, ratio: int) -> int:
    # by a sum of steps rather than a power
    value = Fraction(first)
    for _ in range(count - 1):
        value *= ratio
    return int(value)


def mbpp_57(digits: list[int], count: int) -> int:
    return int("".join(sorted(map(str, digits[:count]), reverse=True)))


def mbpp_58(left: int, right: int) -> bool:
    return (left < 0) is not (right < 0)
