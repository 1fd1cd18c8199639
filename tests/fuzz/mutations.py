"""What happens to files: numbers replaced, bytes lost or doubled, lines dropped, hostile text."""

import re

import numpy as np

_NUMBER = re.compile(rb"(?<![\w.])-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_]\w+")
_NUMBERS = (
    *(b"0", b"1", b"-1", b"2", b"3", b"4", b"7", b"255", b"256", b"65536", b"100000000"),
    *(b"2147483647", b"2147483648", b"-2147483648", b"4294967296", b"1000000000000"),
    *(b"9223372036854775807", b"99999999999999999999999", b"-9223372036854775808"),
    *(b"nan", b"-inf", b"1e400", b"1e-400", b"1e30", b"0.5", b"-3.7", b"", b"0x7f", b"1 2", b"x"),
    *(b'""', b'"a"', b"[]", b"{}", b"[1, 2]", b"[[1]]", b'["a"]', b"true", b"null"),
)
# Nothing of this may be resolved, expanded or run. A command that does leaves the file EXECUTED.
_HOSTILE = (
    *(b"{" * 3000, b"(" * 3000, b"[" * 3000, b"<a>" * 3000, b"}" * 50, b")" * 50, b'"', b"\0" * 64),
    *(b'\n#include "/etc/passwd"\n', b'\n#include "U"\n', b'\n#includeEtc "caseDicts/x"\n'),
    b'\n#calc "system(\\"touch EXECUTED\\")";\n',
    b'\nx #codeStream { code #{ system("touch EXECUTED"); #}; codeOptions #{ #}; };\n',
    *(b"\n$internalField;\n", b"\na $b; b $a;\n", b"$x", b"/*", b"//", b";", b"\xff\xfe", b"\xc3"),
    b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>&a;',
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>&b;',
    b'<xi:include href="/etc/passwd" parse="text"/>',
    b"cos\nsystem\n(S'touch EXECUTED'\ntR.",
    *(b"../../etc/passwd", b"/etc/passwd", b"%s%n", b"__import__('os').system('touch EXECUTED')"),
)


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """One to three changes; most faults need one, and it is the least suspect.

    In half of all inputs of numbers, words and lines only: what is not even read finds little.
    """
    weights = (_OF_TOKENS, _OF_ALL)[rng.integers(2)]
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        change = _CHANGES[rng.choice(len(_CHANGES), p=weights)]
        content = change(content, rng)
    return content


def _place(content, rng) -> int:
    return int(rng.integers(len(content) + 1))


def _replace_match(pattern, replacement, content, rng) -> bytes:
    """One match of a pattern, found from a random place on, becomes ``replacement(match)``."""
    match = pattern.search(content, _place(content, rng)) or pattern.search(content)
    if match is None:
        return content
    return content[: match.start()] + replacement(match[0]) + content[match.end() :]


def _another_number(content, rng) -> bytes:
    def other(old):
        if rng.random() < 0.3 and old.lstrip(b"-").isdigit():  # the next one is the least suspect
            return str(int(old) + int(rng.choice([-1, 1]))).encode()
        return _NUMBERS[rng.integers(len(_NUMBERS))]

    return _replace_match(_NUMBER, other, content, rng)


def _another_word(content, rng) -> bytes:
    words = _WORD.findall(content[:20_000]) or [b"x"]
    return _replace_match(_WORD, lambda _: words[rng.integers(len(words))], content, rng)


def _lose_bytes(content, rng) -> bytes:
    place, count = _place(content, rng), int(rng.choice([1, 2, 7, 64]))
    return content[:place] + content[place + count :]


def _double_bytes(content, rng) -> bytes:
    place, count = _place(content, rng), int(rng.choice([1, 2, 7, 64]))
    return content[: place + count] + content[place:]


def _flip_bit(content, rng) -> bytes:
    changed = bytearray(content)
    if changed:
        changed[rng.integers(len(changed))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _cut(content, rng) -> bytes:
    return content[: _place(content, rng)]


def _lines(content, rng) -> bytes:
    """One line lost, doubled, or in the place of another."""
    lines = content.splitlines(keepends=True)
    if len(lines) < 2:
        return content
    i, j = rng.integers(len(lines), size=2)
    action = rng.integers(3)
    if action == 0:
        del lines[i]
    elif action == 1:
        lines.insert(j, lines[i])
    else:
        lines[i], lines[j] = lines[j], lines[i]
    return b"".join(lines)


def _insert_hostile(content, rng) -> bytes:
    place = _place(content, rng)
    return content[:place] + _HOSTILE[rng.integers(len(_HOSTILE))] + content[place:]


def _overwrite(content, rng) -> bytes:
    """A stretch of zeros, of ones, or of other parts of the file."""
    place, count = _place(content, rng), int(rng.choice([4, 8, 64]))
    other = _place(content, rng)
    filling = [b"\0" * count, b"\xff" * count, content[other : other + count]][rng.integers(3)]
    return content[:place] + filling + content[place + count :]


_CHANGES = (
    *(_another_number, _another_word, _lines, _insert_hostile),
    *(_lose_bytes, _double_bytes, _flip_bit, _cut, _overwrite),
)
_OF_TOKENS = (0.6, 0.2, 0.2, 0, 0, 0, 0, 0, 0)
_OF_ALL = (0.1, 0.05, 0.1, 0.2, 0.12, 0.12, 0.12, 0.09, 0.1)
