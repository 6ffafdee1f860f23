"""People's phone numbers and names: one spelling, sealed at rest, found again without being read.

A phone is kept three times: sealed (AES-GCM, to be revealed by permission only), as an index
(HMAC under a key of its own, so that the same number is found without a table of 1e10 hashes
falling in seconds), and as its last three digits for the screens.
"""

import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

import phonenumbers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.domain.errors import Invalid, Problem

NONCE_BYTES = 12
MOST_CHARACTERS = 40


@dataclass(frozen=True)
class Sealed:
    """A phone number as it is stored: ciphertext, look-up index, last three digits."""

    enc: bytes
    index: bytes
    last3: str


def normalise_phone(text: str, region: str = "ID", field: str = "phone") -> str:
    """The number in E.164 (`+6281234567890`), whatever spelling it was given in.

    A number without a country is taken to be of `region`. Raises Invalid for what no phone can have.
    """
    cleaned = text.strip()
    if not cleaned or len(cleaned) > MOST_CHARACTERS:
        raise Invalid({field: Problem("phone_wrong")})
    for spelling in _spellings(cleaned, region):
        number = _parsed(spelling, region)
        if number is not None:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise Invalid({field: Problem("phone_wrong")})


def _spellings(text: str, region: str) -> list[str]:
    """The text as it is, and with the signs of an international number that people and sheets leave out."""
    digits = "".join(character for character in text if character.isdecimal())
    country = str(phonenumbers.country_code_for_region(region))
    spellings = [text]
    if digits.startswith("00"):
        spellings.append(f"+{digits[2:]}")
    if digits.startswith(country):
        spellings.append(f"+{digits}")
        spellings.append(f"+{country}{digits[len(country):].removeprefix('0')}")
    if digits.startswith("8"):
        spellings.append(f"0{digits}")
    return spellings


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) and not number.extension else None


@lru_cache(maxsize=32)
def _key(secret_key: str, purpose: str) -> bytes:
    """A key of its own for each purpose, so that one that leaks opens nothing else."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"tanggap:{purpose}".encode())
    return derived.derive(secret_key.encode())


def seal_text(text: str, secret_key: str, purpose: str) -> bytes:
    """The text encrypted under the key of this purpose; the same text never looks the same twice."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(secret_key, purpose)).encrypt(nonce, text.encode(), purpose.encode())


def open_text(enc: bytes, secret_key: str, purpose: str) -> str:
    """What `seal_text` sealed. Raises ValueError when it was changed, or sealed under another key or purpose."""
    try:
        plain = AESGCM(_key(secret_key, purpose)).decrypt(enc[:NONCE_BYTES], enc[NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise ValueError("sealed under another key, or changed") from error
    return plain.decode()


def phone_index(e164: str, secret_key: str) -> bytes:
    """What the same number is found by; says nothing to whoever lacks the key."""
    return hmac.new(_key(secret_key, "phone-index"), e164.encode(), sha256).digest()


def seal_phone(e164: str, secret_key: str) -> Sealed:
    """A normalised number in its three stored forms."""
    return Sealed(
        enc=seal_text(e164, secret_key, "phone"), index=phone_index(e164, secret_key), last3=e164[-3:]
    )


def open_phone(sealed: bytes, secret_key: str) -> str:
    """The number in E.164; whoever calls this has asked for permission and written the audit row."""
    return open_text(sealed, secret_key, "phone")
