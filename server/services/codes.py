"""Codes that people read aloud: 8 Crockford base-32 characters (40 bits) and Crockford's check character.

A tracking code is derived from the client id with a key, so that the same report sent twice gets the
same code and the database need not hold it: there it is only a keyed index. Codes whose check
character would be one of Crockford's five extra signs (*~$=U) are passed over, so that a code is
letters and digits only.
"""

import hmac
import re
import secrets
from hashlib import sha256

from server.services.contacts import Keys

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_FORM = re.compile(f"^[{ALPHABET}]{{{LENGTH + 1}}}$")


def tracking_code(client_id: str, salt: int, keys: Keys) -> str:
    """The code of a report; another `salt` gives another code, should one be taken."""
    for step in range(1000):
        digest = hmac.new(keys.codes, f"code:{client_id}:{salt}:{step}".encode(), sha256).digest()
        number = int.from_bytes(digest[:5])
        if number % 37 < len(ALPHABET):
            return spelled(number)
    raise AssertionError("a thousand digests in a row without a plain check character")


def random_code() -> str:
    """A fresh random code, for gifts."""
    while (number := secrets.randbits(40)) % 37 >= len(ALPHABET):
        continue
    return spelled(number)


def spelled(number: int) -> str:
    """A 40-bit number as code: 8 characters and the check character (number mod 37)."""
    letters = "".join(ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    return letters + ALPHABET[number % 37]


def normalised(text: str) -> str | None:
    """A code as typed (any case, with spaces, dashes, O for 0) in its one spelling; None when it can be none."""
    code = re.sub(r"[\s-]", "", text).upper().translate(_LOOKALIKES)
    if not _FORM.match(code):
        return None
    number = 0
    for letter in code[:LENGTH]:
        number = number * 32 + ALPHABET.index(letter)
    return code if number % 37 == ALPHABET.index(code[LENGTH]) else None


def index_of(code: str, keys: Keys) -> bytes:
    """What the database finds a code by; says nothing to whoever lacks the key."""
    return hmac.new(keys.codes, f"index:{code}".encode(), sha256).digest()


def short_id(uuid_text: str) -> str:
    """A random id in 12 Crockford characters (60 bits of the uuid's random ones)."""
    number = int(uuid_text.replace("-", ""), 16)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(55, -1, -5))
