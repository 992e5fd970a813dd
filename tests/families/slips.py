"""
One slip of the hand in one word: pure functions of the word and of chances given as numbers.
A typing error is a letter left out (30 of 100), replaced (25), put in (25) or exchanged (20).
"""

from datetime import date

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
LEAVE_OUT, REPLACE, PUT_IN = 0.30, 0.55, 0.80  # upper ends; above the last: exchange


def typing_error(word: str, how: float, where: float, which: float) -> str:
    """Another word than the one given. Its first letter stays a capital if it was one."""
    wrong = _slipped(word.casefold() if word.istitle() else word, how, where, which)
    return wrong.title() if word.istitle() else wrong


def _slipped(word: str, how: float, where: float, which: float) -> str:
    place = int(where * len(word))
    if how < LEAVE_OUT and len(word) > 1:
        return word[:place] + word[place + 1 :]
    if how < REPLACE:
        return word[:place] + _other(word[place], which) + word[place + 1 :]
    if how < PUT_IN or len(word) < 2:
        return word[:place] + LETTERS[int(which * 26)] + word[place:]
    place = int(where * (len(word) - 1))
    if word[place] == word[place + 1]:
        return word[:place] + _other(word[place], which) + word[place + 1 :]
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def postcode_error(postcode: str, where: float, which: float) -> str:
    """One character of another value, letter for letter and digit for digit, in the second half."""
    place = len(postcode) - 1 - int(where * 3)
    return postcode[:place] + _other(postcode[place], which) + postcode[place + 1 :]


def number_error(number: str, where: float, which: float) -> str:
    place = int(where * len(number))
    return number[:place] + _other(number[place], which) + number[place + 1 :]


def date_error(born: date, latest: date, where: float, which: float) -> str:
    """One digit of the day, the month or the last of the year wrong, and still a date."""
    text = born.isoformat()
    places = (3, 5, 6, 8, 9)
    start = int(where * len(places) * 9)
    for step in range(len(places) * 9):
        place = places[(start + step) // 9 % len(places)]
        digit = (int(text[place]) + 1 + (start + step + int(which * 9)) % 9) % 10
        wrong = f"{text[:place]}{digit}{text[place + 1 :]}"
        if _is_date(wrong) and wrong <= latest.isoformat():
            return wrong
    raise ValueError("every date has another one digit away")


def first_of_january(born: date, latest: date, which: float) -> str:
    """The first day of that year, or of one beside it."""
    beside = (0, -1, 1)
    first = int(which * len(beside))
    for step in range(len(beside)):
        wrong = date(born.year + beside[(first + step) % len(beside)], 1, 1)
        if wrong not in (born,) and wrong <= latest:
            return wrong.isoformat()
    raise ValueError("the year before has a first of January")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _other(character: str, which: float) -> str:
    kind = DIGITS if character.isdigit() else LETTERS.upper() if character.isupper() else LETTERS
    at = kind.find(character)
    if at < 0:
        return kind[int(which * len(kind))]
    return kind[(at + 1 + int(which * (len(kind) - 1))) % len(kind)]
