"""Two questions that only the bytecode of the calling code answers.

Whether a float that is about to be made does nothing but be returned: ``float(cost)`` has to give
an ordinary float, which cannot stand for many copies. Where the user's code does nothing with it
but hand it to its caller, and the caller likewise up to gcmagic, no instruction that runs
afterwards can depend on its value: a placeholder is as good, and the cost is what it was made from.
That is read from the bytecode; any instruction that is not known to be harmless, in any version of
Python, means no.

Whether the array that is asked for is the argument of a method: see `product`.
"""

from __future__ import annotations

import dis
from pathlib import Path
from types import FrameType

_OWN = str(Path(__file__).parent.parent)
_IGNORED = {"CACHE", "NOP", "EXTENDED_ARG", "RESUME"}
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
        if not _straight_to_return(frame):
            return False
        frame = frame.f_back
    return False


def _steps(frame: FrameType) -> tuple[list[dis.Instruction], int]:
    """The instructions that matter, and the place of the one that runs."""
    steps = [s for s in dis.get_instructions(frame.f_code) if s.opname not in _IGNORED]
    # in a frame that has called another the place may be that of the instruction's cache
    at = sum(step.offset <= frame.f_lasti for step in steps) - 1
    if at + 1 < len(steps) and steps[at].opname == "PRECALL":  # 3.11 may call from there
        at += 1
    return steps, at


def _straight_to_return(frame: FrameType) -> bool:
    # a handler, a finally or a with around it shows as an instruction that is not known
    steps, at = _steps(frame)
    after = steps[at + 1 :]
    for taken, step in enumerate(after):
        if step.opname in _RETURNS:
            return taken < _LIMIT
        integer = step.opname in _SUBSCRIPTS and after[taken - 1].opname == "LOAD_CONST"
        if not (step.opname in _LOADS | _PASSES | _STORES or integer):
            return False
    return False


def in_place(frame: FrameType) -> bool:
    """True where the instruction that runs is ``x += y``, or another of its kind."""
    steps, at = _steps(frame)
    return steps[at].opname == "BINARY_OP" and steps[at].argrepr.endswith("=")


def in_store(frame: FrameType) -> bool:
    """True where the instruction that runs is ``array[key] = x``."""
    steps, at = _steps(frame)
    return steps[at].opname == "STORE_SUBSCR"


def in_call(frame: FrameType) -> bool:
    """True where an operator runs, or ``function(arguments)`` with none of them starred."""
    steps, at = _steps(frame)
    return steps[at].opname in ("CALL", "CALL_KW", "BINARY_OP", "UNARY_NEGATIVE")


def in_method(frame: FrameType, name: str) -> bool:
    """True where the instruction that runs is ``something.name(argument)``."""
    steps, at = _steps(frame)
    if steps[at].opname != "CALL" or steps[at].arg != 1:
        return False
    made = 0
    for k in range(at - 1, -1, -1):
        step = steps[k]
        if step.opname == "PRECALL" and k == at - 1:
            continue
        if "JUMP" in step.opname or "KW_NAMES" in step.opname:
            return False
        if made == 1:  # the argument is complete: what comes before it is the method
            return step.opname in ("LOAD_METHOD", "LOAD_ATTR") and step.argval == name
        made += dis.stack_effect(step.opcode, step.arg)
    return False
