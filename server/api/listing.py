"""What every list may be asked for."""

from flask import request

from server.services.inputs import parse
from server.services.inputs_supply import ListIn

PART = {
    "incident": "slug; the standing incident by default",
    "area": "area code; all that I answer for by default",
    "cursor": "`next` of the part before",
    "limit": "most entries, 1 to 500; 100 by default",
}


def asked() -> ListIn:
    """The query string as a wish for a part of a list; what is left empty is not asked for.

    Raises Invalid naming every wrong parameter.
    """
    return parse(ListIn, {name: value for name, value in request.args.items() if value and name != "lang"})
