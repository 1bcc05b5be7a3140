"""The assembler of the scripts' WebAssembly; that browsers take what it makes is tested with the engine."""

from __future__ import annotations

import pytest

from lenet.ui.shared.wasm import assemble

ADD = """
(module ;; one function, of two numbers and one local
  (memory (import "m" "memory") 1)
  (func (export "f") (param $a i32) (local $b i32)
    (loop $again
      (local.set $b (i32.add (local.get $a) (i32.const 3)))
      (br_if $again (i32.lt_u (local.get $b) (i32.load offset=200 (local.get $a)))))))
"""


def test_a_module_is_assembled_byte_for_byte() -> None:
    sections = [
        "01 05 01 60 01 7f 00",  # types: (i32) -> ()
        "02 0d 01 01 6d 06 6d 65 6d 6f 72 79 02 00 01",  # imports: m.memory, of a page or more
        "03 02 01 00",  # functions: one, of the first type
        "07 05 01 01 66 00 00",  # exports: f
        "0a 1b 01 19 01 01 7f 03 40 20 00 41 03 6a 21 01 20 01 20 00 28 02 c8 01 49 0d 00 0b 0b",  # code
    ]
    assert assemble(ADD) == b"\0asm\1\0\0\0" + bytes.fromhex("".join(sections))


@pytest.mark.parametrize("wrong", ["(f64.add)", "(i32.const 64)", "(i32.const -1)"])
def test_what_no_script_uses_is_refused(wrong: str) -> None:
    text = f'(module (memory (import "m" "memory") 1) (func (export "f") {wrong}))'
    with pytest.raises(ValueError, match="instruction"):
        assemble(text)


def test_a_field_that_no_script_uses_is_refused() -> None:
    with pytest.raises(ValueError, match="module"):
        assemble('(module (memory (import "m" "memory") 1) (table 1 funcref))')
