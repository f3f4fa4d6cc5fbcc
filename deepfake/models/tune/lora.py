"""Low-rank additions to the attention train; the one door to peft."""

from deepfake.errors import ConfigError
from deepfake.models.backbones import Backbone
from deepfake.models.tune.tune import Tune, attention_layers
from deepfake.ranges import Above0, Count


class Lora(Tune):
    """Adds a product of two thin matrices to each linear layer of the attention, and trains these.

    Args:
        rank: their inner size.
        alpha: the product counts alpha / rank times.

    Source: Hu et al. 2022, by the package peft.
    """

    def __init__(self, *, rank: Count = 8, alpha: Above0 = 16.0) -> None:
        self.rank, self.alpha = rank, alpha

    def apply(self, backbone: Backbone) -> None:
        """Add the matrices, and freeze everything else.

        Raises:
            ConfigError: peft is not installed, or there is no attention.
        """
        layers = attention_layers(backbone, "model/tune=lora")
        try:
            from peft import LoraConfig, inject_adapter_in_model
        except ImportError as error:
            raise ConfigError(
                f"model/tune=lora needs the package peft ({error}): uv sync --extra lora, or pip install peft"
            ) from error
        # peft declares an int and takes any number; without peft there is nothing to ignore.
        config = LoraConfig(r=self.rank, lora_alpha=self.alpha, target_modules=[*layers])  # type: ignore[arg-type,unused-ignore]
        inject_adapter_in_model(config, backbone)
