"""Marks by which chat templates tell who speaks, and what they are in a stranger's text.

Many servers turn the whole of a rendered prompt into tokens, so that `<|im_start|>system` in a
child's text begins a message of its own, and `</think>` in it can end a thinking that quotes it.
"""

from __future__ import annotations

import re

_NAMES = (
    r"think|thinking|thought|reasoning|seed:think"  # thinking, see answers.py
    r"|s|bos|eos|pad|unk|start_of_turn|end_of_turn|tool_call|tool_response"  # Llama 2, Gemma, Qwen
    r"|INST|SYS|THINK|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS"  # Mistral, Llama 2
)
_MARK = re.compile(
    rf"<(?=\|)"  # <|im_start|> and all that look like it
    rf"|(?<=\|)(?=>)"
    rf"|<(?=[<｜])"  # <<SYS>>, and DeepSeek's with a full-width bar
    rf"|<(?=/?(?:{_NAMES})>)"
    rf"|\[(?=/?(?:{_NAMES})\])",
    re.IGNORECASE,
)


def without_chat_marks(text: str) -> str:
    """`text` with a space inside of every such mark, so that it is read as text and nothing else.

    For texts of strangers that go into a message. All else stays as it is; once is enough.
    """
    return _MARK.sub(lambda found: f"{found[0]} ", text)
