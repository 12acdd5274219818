"""Hashers on a model hub, by huggingface_hub: two files are sent and taken, a card as JSON and weights as safetensors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hashbench.engine.publishing.card import CARD, WEIGHTS, read_card
from hashbench.engine.publishing.imported import check_fits
from hashbench.errors import UserError

_NAME = re.compile(r"hf://([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubName:
    """A repository of a hub, and a revision of it."""

    repository: str
    revision: str | None = None

    @property
    def pinned(self) -> bool:
        """Whether the revision is a commit, which nobody can move."""
        return self.revision is not None and _COMMIT.fullmatch(self.revision) is not None


def hub_name(text: str) -> HubName:
    """`hf://USER/NAME` or `hf://USER/NAME@REVISION`. Raises UserError."""
    found = _NAME.fullmatch(text)
    if found is None:
        raise UserError(f"'{text}' is no name on the hub: give hf://USER/NAME or hf://USER/NAME@REVISION.")
    return HubName(found[1], found[2])


def pull(name: HubName, folder: Path, pin: bool = False) -> str:
    """Take card and weights into `folder`, nothing else; returns the commit they are of. Raises UserError."""
    if pin and not name.pinned:
        raise UserError(f"hf://{name.repository} is asked for without a commit: add @ and its 40 digits, or leave --pin out.")
    hub = _library()
    with _told(name):
        api = hub.HfApi()
        commit = str(api.model_info(name.repository, revision=name.revision).sha)
        for file in (CARD, WEIGHTS):
            api.hf_hub_download(name.repository, file, revision=commit, local_dir=folder)
    return commit


def push(folder: Path, name: HubName) -> str:
    """Send the card and the weights of `folder`; returns the commit. Raises UserError where they are no hasher, or it fails."""
    card, _ = read_card(folder)
    check_fits(card, folder)
    hub = _library()
    with _told(name):
        api = hub.HfApi()
        api.create_repo(name.repository, exist_ok=True)
        sent = api.upload_folder(
            repo_id=name.repository,
            folder_path=folder,
            allow_patterns=[CARD, WEIGHTS],
            revision=name.revision,
            commit_message=f"hashbench hasher {card.name}",
        )
    return str(sent.oid)


def _library() -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise UserError("the hub needs huggingface_hub: pip install 'hashbench[hub]'.") from error
    return huggingface_hub


@contextmanager
def _told(name: HubName) -> Iterator[None]:
    """What the hub's library raises, as one sentence."""
    try:
        yield
    except Exception as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__).strip()
        raise UserError(
            f"the hub did not answer for hf://{name.repository} ({type(error).__name__}: {reason.rstrip('.')}): "
            "look at the name, at HF_TOKEN for private ones, and at the network."
        ) from error
