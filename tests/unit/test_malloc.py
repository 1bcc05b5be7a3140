"""Freed memory is kept where the C library can do that."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Faults of pages that had to come from the system anew, of 20 tensors of 40 MB one after another.
FAULTS = """
import resource, torch
from lenet.models.cpu import keep_freed_memory
if {keep}:
    assert keep_freed_memory()
torch.ones(10_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    torch.ones(10_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_a_step_finds_the_memory_of_the_step_before() -> None:
    returned, kept = (
        int(subprocess.check_output([sys.executable, "-c", FAULTS.format(keep=keep)], text=True))
        for keep in (False, True)
    )
    assert kept < returned / 5
