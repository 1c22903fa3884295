"""Keys of partners: the kind, and the scope that names the partner."""

from collections.abc import Mapping

from wireroom.keys import Key

PARTNERS = "partners"
_SCOPE = "partner"


def scope_of(partner: str) -> Mapping[str, str]:
    """The scope of a key that belongs to a partner."""
    return {_SCOPE: partner}


def partner_of(key: Key) -> str:
    """Whose key it is; empty when it is no partner's."""
    return str(key.scope.get(_SCOPE, ""))
