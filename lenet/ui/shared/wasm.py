"""Assembles the scripts' WebAssembly from its text: the few instructions that shared/kernel.wat is made of.

The text is WebAssembly's own text format with folded instructions, one module with one imported memory and functions
of one block type, so any assembler of that format reads it too.  The binary format is that of the WebAssembly core
specification, version 2, chapter 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

Parsed = list[Any]  # of strings and Parsed

_TYPES = {"i32": 0x7F, "v128": 0x7B}
_PLAIN = {"i32.lt_u": [0x49], "i32.add": [0x6A], "i32.mul": [0x6C], "i32.shl": [0x74]}
_VECTOR = {"f32x4.add": 228, "f32x4.mul": 230}
_LOCAL = {"local.get": 0x20, "local.set": 0x21, "local.tee": 0x22}
# instruction -> its bytes, and the binary logarithm of its natural alignment
_MEMORY = {
    "i32.load": ([0x28], 2),
    "v128.load": ([0xFD, 0], 4),
    "v128.load32_splat": ([0xFD, 9], 2),
    "v128.store": ([0xFD, 11], 4),
}
_LOOP, _END, _BR_IF, _CONST, _VECTOR_PREFIX, _EMPTY = 0x03, 0x0B, 0x0D, 0x41, 0xFD, 0x40


def assemble(text: str) -> bytes:
    """The binary module of `text`.

    Raises:
        ValueError: an instruction or a field that no script here uses.
    """
    (module,) = _parsed(iter(re.findall(r'[()]|"[^"]*"|[^\s()"]+', re.sub(r";;.*", "", text))))
    memories = [part for part in module[1:] if part[0] == "memory"]
    functions = [part for part in module[1:] if part[0] == "func"]
    if module[0] != "module" or len(memories) != 1 or len(memories) + len(functions) != len(module) - 1:
        raise ValueError("a module of one memory and of functions")
    _, (_, where, name), pages = memories[0]
    return b"\0asm\1\0\0\0" + b"".join(
        bytes([number]) + _sized(_vector(items))
        for number, items in (
            (1, [_signature(function) for function in functions]),
            (2, [_name(where) + _name(name) + bytes([2, 0]) + _unsigned(int(pages))]),
            (3, [_unsigned(index) for index in range(len(functions))]),
            (7, [_name(function[1][1]) + b"\0" + _unsigned(index) for index, function in enumerate(functions)]),
            (10, [_sized(_body(function)) for function in functions]),
        )
    )


def _parsed(tokens: Iterator[str]) -> Parsed:
    found: Parsed = []
    for token in tokens:
        if token == ")":
            return found
        found.append(_parsed(tokens) if token == "(" else token)
    return found


def _signature(function: Parsed) -> bytes:
    """Of a function that returns nothing."""
    return b"\x60" + _vector([bytes([_TYPES[part[2]]]) for part in function if part[0] == "param"]) + _vector([])


def _body(function: Parsed) -> bytes:
    parameters, locals_ = ([part for part in function if part[0] == kind] for kind in ("param", "local"))
    numbers = {part[1]: index for index, part in enumerate(parameters + locals_)}
    declared = _vector([b"\1" + bytes([_TYPES[part[2]]]) for part in locals_])
    code = [part for part in function[2:] if part[0] not in ("param", "local")]
    return declared + b"".join(_code(part, numbers, ()) for part in code) + bytes([_END])


def _code(part: Parsed, numbers: dict[str, int], loops: tuple[str, ...]) -> bytes:
    """One folded instruction: its operands, then itself.

    Args:
        numbers: of the parameters and locals.
        loops: the labels around it, the innermost first.
    """
    name, *rest = part
    if name == "loop":
        label, *body = rest
        inside = b"".join(_code(one, numbers, (label, *loops)) for one in body)
        return bytes([_LOOP, _EMPTY]) + inside + bytes([_END])
    operands = b"".join(_code(one, numbers, loops) for one in rest if isinstance(one, list))
    return operands + _instruction(name, [one for one in rest if isinstance(one, str)], numbers, loops)


def _instruction(name: str, words: Sequence[str], numbers: dict[str, int], loops: Sequence[str]) -> bytes:
    if name in _PLAIN:
        return bytes(_PLAIN[name])
    if name in _VECTOR:
        return bytes([_VECTOR_PREFIX]) + _unsigned(_VECTOR[name])
    if name in _LOCAL:
        return bytes([_LOCAL[name]]) + _unsigned(numbers[words[0]])
    if name in _MEMORY:
        code, alignment = _MEMORY[name]
        offset = int(words[0].removeprefix("offset=")) if words else 0
        return bytes(code) + _unsigned(alignment) + _unsigned(offset)
    if name == "br_if":
        return bytes([_BR_IF]) + _unsigned(loops.index(words[0]))
    if name == "i32.const" and 0 <= int(words[0]) < 64:  # one byte, whose seventh bit would be the sign
        return bytes([_CONST, int(words[0])])
    raise ValueError(f"the instruction {name} {' '.join(words)}")


def _unsigned(value: int) -> bytes:
    """LEB128."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _unsigned(rest) if rest else bytes([low])


def _sized(content: bytes) -> bytes:
    return _unsigned(len(content)) + content


def _vector(items: Sequence[bytes]) -> bytes:
    return _unsigned(len(items)) + b"".join(items)


def _name(quoted: str) -> bytes:
    return _sized(quoted.strip('"').encode())
