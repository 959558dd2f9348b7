"""What `get_config` returns of a model, or of a layer that stands in another."""

from __future__ import annotations

from typing import Any

from rnnshape.errors import NotReadError
from rnnshape.reading.names.session import opened, unknown_of
from rnnshape.reading.python import Open, StandIn


class Config(StandIn):
    """It makes the same again as long as the code does not look into it: what it changes there is
    not followed."""

    own_what = "a configuration"

    def __init__(self, owner: Any) -> None:
        self.own_owner, self.own_is_seen = owner, False

    def own_reaches(self, name: str) -> bool:
        self.own_is_seen = True
        return False

    def _seen(self, *_: object) -> Open:
        self.own_is_seen = True
        return opened("", "what is in a configuration is not read")

    __getitem__ = __setitem__ = __delitem__ = __contains__ = __iter__ = __len__ = _seen

    def own_made(self) -> Any:
        """What it is the configuration of."""
        if self.own_is_seen:
            what = f"{opened().label} is not read: what the code changes in a configuration is not"
            raise NotReadError(f"{what} followed")
        return self.own_owner

    def own_as_argument(self) -> Any:
        return unknown_of(self._seen()) if self.own_is_seen else self.own_owner.own_as_argument()
