"""TRL's trainer with a validation loss over tokens, whichever way they are laid out in batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from trl import SFTTrainer

from sft.packed_layout import IGNORED


class TokenWeightedTrainer(SFTTrainer):
    """`trl.SFTTrainer`, which weighs each batch of a validation alike: batches of few tokens count too much,
    and the two layouts of the same rows differ.
    """

    _validated: torch.Tensor

    @property
    def seen_tokens(self) -> int:
        """Real tokens trained on so far, prompts included, in all processes."""
        return int(self._total_train_tokens)

    def count_tokens_from(self, checkpoint: Path) -> None:
        """Go on counting where a checkpoint stood, which TRL forgets."""
        log = json.loads((checkpoint / "trainer_state.json").read_bytes())["log_history"]
        self._total_train_tokens = next(
            entry["eval_num_tokens"] for entry in reversed(log) if "eval_num_tokens" in entry
        )

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The loss of a batch; a validation's is added up with its number of tokens."""
        padding = inputs.pop("padding", None)
        loss = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        if not self.model.training:
            mean = (loss[0] if return_outputs else loss).detach().double()
            tokens = (inputs["labels"][..., 1:] != IGNORED).sum()
            self._validated += torch.stack([mean * tokens, tokens.double()]).to(self._validated.device)
        elif padding is not None:  # which TRL has just counted
            self._total_train_tokens -= int(self.accelerator.reduce(padding))
            self._metrics["train"]["num_tokens"] = [self._total_train_tokens]
        return loss

    def evaluation_loop(self, *arguments: Any, metric_key_prefix: str = "eval", **named: Any) -> Any:
        """The metrics of a validation, with the mean over the tokens of all processes for its loss."""
        self._validated = torch.zeros(2, dtype=torch.float64, device=self.args.device)
        output = super().evaluation_loop(*arguments, metric_key_prefix=metric_key_prefix, **named)
        loss, tokens = self.accelerator.reduce(self._validated).tolist()
        output.metrics[f"{metric_key_prefix}_loss"] = loss / tokens
        return output

    def _issue_warnings_after_load(self, load_result: Any) -> None:
        """What a checkpoint lacks, but for weights that it has under the name of those they are tied to."""
        tied = getattr(self.model, "all_tied_weights_keys", None) or ()
        load_result.missing_keys[:] = [name for name in load_result.missing_keys if name not in tied]
        super()._issue_warnings_after_load(load_result)
