"""Whether a float that is about to be made does nothing but be returned.

``float(cost)`` has to give an ordinary float, which cannot stand for many copies. Where the user's
code does nothing with it but hand it to its caller, and the caller likewise up to gcmagic, no
instruction that runs afterwards can depend on its value: a placeholder is as good, and the cost is
what it was made from. That is read from the bytecode; any instruction that is not known to be
harmless, in any version of Python, means no.
"""

from __future__ import annotations

import dis
from pathlib import Path
from types import CodeType, FrameType

_OWN = str(Path(__file__).parent.parent)
_IGNORED = {"CACHE", "NOP", "EXTENDED_ARG", "PRECALL", "RESUME"}
_LOADS = {"LOAD_CONST", "LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_NAME", "LOAD_GLOBAL", "LOAD_DEREF"}
_RETURNS = {"RETURN_VALUE", "RETURN_CONST"}
# what packs the number with others on the way out, or takes it out again
_PASSES = {"BUILD_TUPLE", "UNPACK_SEQUENCE", "SWAP", "COPY", "POP_TOP"}
_SUBSCRIPTS = {"BINARY_SUBSCR"}
_STORES = {"STORE_FAST", "STORE_NAME"}
_LIMIT = 40


def passes_on(frame: FrameType | None) -> bool:
    """True where the value of the call that runs in `frame` is only returned, up to gcmagic."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(_OWN):
            return True  # our own code looks at the cost only once it has it
        if not _straight_to_return(frame.f_code, frame.f_lasti):
            return False
        frame = frame.f_back
    return False


def _straight_to_return(code: CodeType, at: int) -> bool:
    # a handler or a finally around it would run with the placeholder in reach
    steps = [step for step in dis.get_instructions(code) if step.opname not in _IGNORED]
    after = [step for step in steps if step.offset > at]
    for taken, step in enumerate(after):
        if step.opname in _RETURNS:
            return taken < _LIMIT
        integer = step.opname in _SUBSCRIPTS and after[taken - 1].opname == "LOAD_CONST"
        if not (step.opname in _LOADS | _PASSES | _STORES or integer):
            return False
    return False
