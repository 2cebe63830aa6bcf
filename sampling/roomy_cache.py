"""A cache of keys and values with room for the tokens to come, so that no token copies all before it."""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import DynamicLayer

_ROOM = 64
"""Tokens that there is room for at a time."""


def make_roomy(cache: Any) -> None:
    """Give room to a cache's layers of whole attention; others, which forget, stay as they are."""
    cache.layers = [RoomyLayer(layer) if type(layer) is DynamicLayer else layer for layer in cache.layers]


class RoomyLayer(DynamicLayer):  # type: ignore[misc]
    """A filled layer of transformers' own, whose ``keys`` and ``values`` are parts of larger ones."""

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, layer: DynamicLayer) -> None:
        super().__init__()
        self.dtype, self.device = layer.dtype, layer.device
        self.is_initialized = True
        self._move(layer.keys, layer.values)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *arguments: Any, **named: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write what is new behind what is there."""
        start = self.keys.shape[-2]
        end = start + key_states.shape[-2]
        if end > self._all_keys.shape[-2]:
            self._move(self.keys, self.values, end - start)
        self._all_keys[:, :, start:end] = key_states
        self._all_values[:, :, start:end] = value_states
        self.keys, self.values = self._all_keys[:, :, :end], self._all_values[:, :, :end]
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep some of the rows, with room of their own."""
        self._move(self.keys[indices], self.values[indices])

    def _move(self, keys: torch.Tensor, values: torch.Tensor, least: int = 0) -> None:
        used = keys.shape[-2]
        shape = (*keys.shape[:-2], used + max(least, _ROOM), keys.shape[-1])
        self._all_keys, self._all_values = keys.new_empty(shape), values.new_empty(shape)
        self._all_keys[:, :, :used] = keys
        self._all_values[:, :, :used] = values
        self.keys, self.values = self._all_keys[:, :, :used], self._all_values[:, :, :used]
