"""How a cell's numbers were made."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hashbench.typing import Facts


class Value(BaseModel):
    """What a result holds: it never changes."""

    model_config = ConfigDict(frozen=True)


class About(Value):
    """A plugin's description of itself, so that a result can be read without the plugin."""

    about: str = ""
    paper: str = ""
    access: str = ""
    """Of an attack: what it may ask of the hasher."""
    targeted: bool | None = None
    """Of an attack: whether it steers to target labels, by its own word or its aim's; None: neither says, or an older result."""


class BudgetFacts(Value):
    norm: str
    epsilon: float


class TargetFacts(Value):
    """The draw of queries and targets, with what the protocol's rule found."""

    model_config = ConfigDict(frozen=True, extra="allow")
    queries: int
    sha256: str = ""
    """Of queries and targets; empty where older runs do not say."""
    file: bool = False
    """Whether they are from the user's file."""


class DataFacts(Value):
    """The data, with what was found on loading it."""

    model_config = ConfigDict(frozen=True, extra="allow")
    identity: str = ""
    content: str
    image_size: int
    class_names: list[str]

    def rows(self, split: str) -> int | None:
        """How many rows a split has: query, train or database."""
        count = (self.model_extra or {}).get(f"{split}_rows")
        return count if isinstance(count, int) else None


class Keys(Value):
    """Keys of stages in the store."""

    hasher: str
    """Of the target hasher."""
    images: str


class Provenance(Value):
    """How a cell's numbers were made."""

    plugins: dict[str, About] = Field(default_factory=dict)
    options: dict[str, Facts]
    """Resolved options by plugin: attack, aim, hasher, backbone, dataset."""
    protocol: Facts
    budget: BudgetFacts
    environment: Facts = Field(default_factory=dict)
    targets: TargetFacts
    data: DataFacts
    hasher: Facts
    """About the training of the target hasher."""
    preset: str = ""
    keys: Keys
    codes: str = ""
    """Hash of what the target hasher makes of all images, as one key trains other weights on another kind of processor.
    Empty in older results."""
    batch_size: int
    precision: dict[str, str] = Field(default_factory=dict)
    """What attacks, hashing and training computed in; empty where older runs do not say, which is fp32."""
    compiled: bool = False
    """Whether attacks went through the network as torch.compile made it."""
