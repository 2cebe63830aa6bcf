"""Causal attention over packed rows that keeps each to itself, registered with transformers by name.

On a GPU by torch's variable-length kernel, elsewhere row by row: no mask of all tokens by all tokens is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface

SEGMENT_ATTENTION = "codex_sft_segments"
_UNSUPPORTED = ("softcap", "s_aux")
_KERNEL_TYPES = (torch.float16, torch.bfloat16)


def segment_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    cu_seq_lens_q: torch.Tensor | None = None,
    max_length_q: int | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of one line of rows, ``(1, heads, tokens, size)``, as transformers calls it.

    ``cu_seq_lens_q`` are the bounds of the rows, ``max_length_q`` is the longest one's length. Raises
    `ValueError` without bounds, where rows could not be told apart, and for what is not done here.
    """
    if cu_seq_lens_q is None or max_length_q is None or query.shape[0] != 1 or attention_mask is not None:
        raise ValueError(
            "this attention is for packed rows: it needs one line of tokens, the bounds of its rows "
            "(cu_seq_lens_q, max_length_q) and no mask; others need attn_implementation='sdpa'"
        )
    asked = [name for name in _UNSUPPORTED if others.get(name) is not None]
    if sliding_window is not None and sliding_window < max_length_q:
        asked.append(f"a window of {sliding_window} tokens")
    if asked:
        raise ValueError(f"{type(module).__name__} needs {', '.join(asked)}: take the layout 'paper'")
    half = _kernel_type(query)
    if half is not None:
        if dropout:
            raise ValueError("the variable-length kernel has no dropout")
        mixed = kernel_attention(query, key, value, half, cu_seq_lens_q, max_length_q, scaling)
    else:
        mixed = _by_rows(query, key, value, cu_seq_lens_q, scaling, dropout)
    return mixed, None


# a loop over rows of any lengths would be compiled anew for each batch
@torch.compiler.disable  # type: ignore[untyped-decorator]
def _by_rows(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    bounds: torch.Tensor,
    scaling: float | None,
    dropout: float,
) -> torch.Tensor:
    grouped = query.shape[1] != key.shape[1]
    lengths = [length for length in bounds.diff().tolist() if length]
    rows = zip(*(tensor.split(lengths, dim=2) for tensor in (query, key, value)), strict=True)
    parts = [
        functional.scaled_dot_product_attention(
            row_query,
            row_key,
            row_value,
            dropout_p=dropout,
            is_causal=True,
            scale=scaling,
            enable_gqa=grouped,
        )
        for row_query, row_key, row_value in rows
    ]
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous()


def kernel_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    half: torch.dtype,
    bounds: torch.Tensor,
    longest: int,
    scaling: float | None,
) -> torch.Tensor:
    """Attention by torch's kernel, in the precision ``half``, which the result is not left in."""
    from torch.nn.attention.varlen import varlen_attn

    flat = [tensor[0].transpose(0, 1).to(half) for tensor in (query, key, value)]
    kernel = kernel_arguments(varlen_attn, flat[0].shape[1], flat[1].shape[1], flat[0].shape[2], scaling)
    if kernel.repeats > 1:
        flat[1:] = [tensor.repeat_interleave(kernel.repeats, dim=1) for tensor in flat[1:]]
    flat[0] = flat[0] * kernel.query_factor if kernel.query_factor != 1 else flat[0]
    mixed = varlen_attn(*flat, bounds, bounds, longest, longest, **kernel.named)
    return mixed[None].to(query.dtype)


@dataclass(frozen=True)
class KernelArguments:
    """How one release's ``varlen_attn`` is told to be causal, to scale and to share keys among heads."""

    named: dict[str, Any]
    repeats: int
    query_factor: float


def kernel_arguments(
    kernel: Callable[..., Any], heads: int, key_heads: int, size: int, scaling: float | None
) -> KernelArguments:
    """Arguments by the names that the kernel has: they changed from torch 2.10 to 2.12.

    Where it cannot share keys among heads, keys are to be repeated; where it takes no scale, the query is to
    be multiplied. Raises `ValueError` if it has no known way to be causal.
    """
    named: dict[str, Any] = {}
    if _takes(kernel, "is_causal"):
        named["is_causal"] = True
    elif _takes(kernel, "window_size"):
        named["window_size"] = (-1, 0)
    else:
        raise ValueError(f"torch {torch.__version__}: varlen_attn has no known way to be causal")
    repeats, factor = 1, 1.0
    if heads != key_heads:
        if _takes(kernel, "enable_gqa"):
            named["enable_gqa"] = True
        else:
            repeats = heads // key_heads
    if scaling is not None:
        if _takes(kernel, "scale"):
            named["scale"] = scaling
        else:
            factor = scaling * size**0.5
    return KernelArguments(named, repeats, factor)


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _takes(kernel: Callable[..., Any], name: str) -> bool:
    # a text in a set or a tuple is more than the compiler takes for constant
    return name in inspect.signature(kernel).parameters


def _kernel_type(query: torch.Tensor) -> torch.dtype | None:
    """The half precision that the kernel computes in; None on other devices and in single precision."""
    if not query.is_cuda:
        return None
    if query.dtype in _KERNEL_TYPES:
        return query.dtype
    # rotation makes single precision of what autocast had made half
    if torch.is_autocast_enabled(query.device.type):
        kind = torch.get_autocast_dtype(query.device.type)
        return kind if kind in _KERNEL_TYPES else None
    return None


def register_segment_attention() -> None:
    """Let transformers find it by its name, `SEGMENT_ATTENTION`."""
    AttentionInterface.register(SEGMENT_ATTENTION, segment_attention)
