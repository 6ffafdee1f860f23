"""People's phone numbers and names: one spelling, sealed at rest, found again without being read.

A phone is kept three times: sealed (AES-GCM, to be revealed by permission only), as an index
(HMAC under a key of its own, so that the same number is found without a table of 1e10 hashes
falling in seconds), and as its last three digits for the screens.
"""

import hmac
import secrets
from dataclasses import dataclass, field
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


def normalise_phone(text: str, region: str = "ID", name: str = "phone") -> str:
    """The number in E.164 (`+6281234567890`), whatever spelling it was given in.

    A number without a country is taken to be of `region`. Raises Invalid, under the field's `name`, for
    what no phone can have.
    """
    cleaned = text.strip()
    if not cleaned or len(cleaned) > MOST_CHARACTERS:
        raise Invalid({name: Problem("phone_wrong")})
    for spelling in _spellings(cleaned, region):
        number = _parsed(spelling, region)
        if number is not None:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise Invalid({name: Problem("phone_wrong")})


def _spellings(text: str, region: str) -> list[str]:
    """The text as it is, and with the signs of an international number that people and sheets leave out."""
    digits = "".join(character for character in text if character.isdecimal())
    country = str(phonenumbers.country_code_for_region(region))
    spellings = [text]
    if digits.startswith("00"):
        spellings.append(f"+{digits[2:]}")
    if digits.startswith(country):
        spellings.append(f"+{digits}")
        spellings.append(f"+{country}{digits[len(country) :].removeprefix('0')}")
    if digits.startswith("8"):
        spellings.append(f"0{digits}")
    return spellings


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) and not number.extension else None


def names_a_phone(text: str, region: str = "ID") -> bool:
    """Whether a text holds somebody's phone number; a hotline of three digits is none."""
    return phonenumbers.PhoneNumberMatcher(text, region).has_next()


@dataclass(frozen=True)
class Keys:
    """The keys derived from SECRET_KEY, one for each purpose, so that one that leaks opens nothing else."""

    sealing: bytes = field(repr=False)
    phones: bytes = field(repr=False)
    codes: bytes = field(repr=False)
    senders: bytes = field(repr=False)

    @classmethod
    def from_secret(cls, secret_key: str) -> "Keys":
        """The keys of an installation; the same secret gives the same keys."""
        return cls(*(_derived(secret_key, purpose) for purpose in ("sealing", "phones", "codes", "senders")))


def _derived(secret_key: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"tanggap:{purpose}".encode()).derive(
        secret_key.encode()
    )


def seal_text(text: str, keys: Keys) -> bytes:
    """The text encrypted; the same text never looks the same twice."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(keys.sealing).encrypt(nonce, text.encode(), None)


def open_sealed(enc: bytes, keys: Keys) -> str:
    """What was sealed; whoever calls this for a person's contact has asked for permission and written the audit row.

    Raises ValueError when it was changed, or sealed under another key.
    """
    try:
        plain = AESGCM(keys.sealing).decrypt(enc[:NONCE_BYTES], enc[NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:
        raise ValueError("sealed under another key, or changed") from error
    return plain.decode()


def phone_index(e164: str, keys: Keys) -> bytes:
    """What the same number is found by; says nothing to whoever lacks the key."""
    return hmac.new(keys.phones, e164.encode(), sha256).digest()


def seal_phone(e164: str, keys: Keys) -> Sealed:
    """A normalised number in its three stored forms."""
    return Sealed(enc=seal_text(e164, keys), index=phone_index(e164, keys), last3=e164[-3:])
