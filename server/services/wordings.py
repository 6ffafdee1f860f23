"""What a text in Indonesian, everyday Sundanese or English says, however it is spelt: so that two can be compared.

Words are folded (case, accents, `tolonggg`, `anak2`, slang such as `gak` and `blm`, hashtags), words of either
language for the same thing become one, and a word that is mistyped is still the same (rapidfuzz). What a text then
says is three things: its troubles (flood, collapse ...), the kinds of places in it (school, mosque ...), and its own
words: names, numbers of houses and streets, whatever is not said in every report. The lists are our own, of what people
write in such reports; they name no place.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from geo.names import unaccented

TYPING_ERROR = 84.0
"""Words at least so alike (rapidfuzz ratio, 0..100) are one word mistyped; both have LONG letters or more."""
LONG = 5
SURELY_MEANT = 90.0
"""So alike must a word be to one of our lists: they are many, and some name is like one of them."""
LONGEST_NUMBER = 4
"""Digits of a number that may belong to an address; longer ones are phones."""

_SLANG = """
tidak: ga gak gk ngga nggak enggak engga ngk tdk tida tak kagak teu henteu
belum: blm blom belom bloom acan
sudah: sdh udh udah dah uda geus atos
tolong: tlg tlng tulung tulungan help
jalan: jl jln street st road rue avenue ave route
dekat: deket deukeut near
rumah: rmh imah bumi house home
orang: org orng jalma urang people persons person pax personnes personne
anak: budak barudak child children kids kid
butuh: perlu btuh peryogi need needs needed needing require required requires
gang: gg impasse alley ruelle
perumahan: perum komplek kompleks komp complex
kampung: kp kmp lembur village
depan: dpn payuneun
samping: gigir beside
belakang: blkg tukangeun behind
besar: gede ageung big
keluarga: kel family families famille
"""
_TROUBLES = """
flood: banjir kebanjiran dibanjiri genangan tergenang menggenang digenangi menggenangi terendam direndam kerendam surut
  meluap caah rob flood floods flooded flooding banjirkiriman kerendamlagi drainase got selokan mampet gorong
  drainaseburuk gotpenuh saluran keruk dikeruk pompa drain sewer
collapse: runtuh ambruk roboh rubuh ambrol rugrug reruntuhan hancur collapse collapsed collapsing destroyed ruins rubble
trapped: terjebak kejebak tertimbun ketimbun terperangkap tertimpa ketimpa kajebak trapped buried stuck coincee
fire: kebakaran terbakar kahuruan fire burning
slide: longsor longsoran urug landslide mudslide
hurt: luka terluka tatu pingsan pendarahan patah injured injuries injury wounded bleeding hurt
sick: sakit gering diare demam sick ill disease cholera
dead: meninggal tewas mayat dead bodies deceased
missing: hilang mencari dicari leungit missing disparu looking locate locating news
food: makanan makan beras sembako pangan lapar kelaparan nasi dahar food hungry starving eat rice
thirst: minum haus galon aqua thirsty drinking
shelter: tenda terpal pengungsi mengungsi pengungsian ngungsi shelter tent tents tarp homeless refugees camp camping idp
  idps
medicine: obat obatan medis dokter medicine medicines medical medication doctor doctors
blocked: macet mogok terputus putus blocked traffic
supply: open available distribution distributing operational
"""
_PLACES = """
school: sekolah sd sdn smp smpn sma smk madrasah tk paud sakola school ecole lycee college university
worship: masjid mesjid musala mushola masigit church cathedral eglise gereja pesantren temple
clinic: puskesmas rs rsud klinik hospital clinic hopital
orphanage: panti orphanage orphanages orphelinat
market: pasar market supermarket
bridge: jembatan sasak bridge flyover
hotel: hotel
office: kantor balai embassy ministry headquarters hq
prison: lapas penjara prison penitentiary
"""
_COMMON = """
yang yg di ke dari dr ini itu dan dgn dengan untuk buat pada ada nya kami kita saya aku mereka ia para oleh krn karena
sampai sampe smpe hingga juga lagi lg masih mash akan sedang lalu saja aja doang kok sih deh dong ya yah nih nich toh
pak bapak bu ibu pa mas bang lurah rw rt segera mohon minta bantu bantuan bantuannya bantuin terima kasih makasih hari
jam menit minggu bulan tahun pagi siang sore malam kemarin kmrn kmrin kemaren sekarang skrg skr tadi td semalam air
cai bersih kekurangan krisis kehabisan banyak sangat sekali parah mulai terus naik turun tinggi setinggi sekitar cm m
meter lokasi tempat daerah wilayah kawasan area terkini suasana kondisi tindak lanjut tl tolong butuh tidak belum
sudah jalan dekat rumah orang depan samping belakang besar keluarga warga gang perumahan kampung desa ds kelurahan
kecamatan kec kabupaten kab kota sini sana situ bisa mau harus jadi kalau klo kl apa bagaimana gimana kapan mana semua
smua lain dua tiga satu kali cuaca ekstrim cuacaekstrim hujan ujan korban petugas tim sar pihak instansi terkait the a
an and or of in on at to for from with by is are was were be been has have had no not we our us i my me they their
there here this that these those it its as but if so very more than over under all any some who what where when will
please urgent urgently immediate immediately asap sos assistance aid support request requested required asking ask
relief supplies emergency items currently still now today yesterday day days week hours morning night zone location
located place neighborhood city town after before last off between corner around across approx about many several
number unknown precise reportedly report reports message says see description new update following family children
kids anak bayi balita byk aya dalam dalem didalam inside men women adults two three one first second up down out get
give send sent looking possible possibly la le les de des du et un une au aux en sur dans pour avec besoin aide merci
rien pas plus contact phone
"""
_WATER = frozenset({"air", "cai", "water"})
_TO_DRINK = (
    frozenset({"butuh", "kekurangan", "krisis", "kehabisan", "minta"}),
    frozenset({"minum", "bersih", "mineral", "galon"}),
)
"""Words before and after water that is lacking; in Indonesian water by itself is the flood's."""
_COUNTED = """
cm m meter meters km hari jam menit minggu orang jiwa kk org people persons person pax families family keluarga
children kids adults women men days hours liter litre l kg wib rumah houses tents tenda anak bayi babies infants
patients year years old month months
"""
"""A number before one of these counts or measures something; any other is part of a name or an address."""


def _families(text: str) -> dict[str, str]:
    """Every word of `head: word word` lines, with its head; a line without a head goes on with the one before."""
    found: dict[str, str] = {}
    head = ""
    for line in text.strip().splitlines():
        before, colon, after = line.partition(":")
        if colon:
            head = before.strip()
        found |= dict.fromkeys((after if colon else line).split(), head)
    return found


_SAME = _families(_SLANG)
_TROUBLE = _families(_TROUBLES)
_PLACE = _families(_PLACES)
_EVERYWHERE = frozenset(_COMMON.split())
_UNITS = frozenset(_COUNTED.split())
_KNOWN = {**_TROUBLE, **_PLACE}
_LONG_KNOWN = [word for word in _KNOWN if len(word) > LONG]
_ADDRESSES = re.compile(r"https?://\S+|@\w+")
_AFFIX = re.compile(r"^(\w{4,}?)(nya|lah|kah|pun)$")


@dataclass(frozen=True)
class Wording:
    """What a text says: its troubles, its kinds of places, the words that are its own, and what it gives a number.

    numbered: pairs of a word and the number behind it, as of a street or an RT.
    """

    troubles: frozenset[str]
    places: frozenset[str]
    own: frozenset[str]
    numbered: frozenset[tuple[str, str]]


def heard(text: str | None) -> Wording:
    """What the text says; nothing for no text."""
    return _heard(text or "")


@lru_cache(maxsize=4096)
def _heard(text: str) -> Wording:
    words = _words(text)
    troubles, places, own, numbered = set(), set(), set(), set()
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        known = _known(word)
        if word.isdigit():
            if after not in _UNITS and len(word) <= LONGEST_NUMBER:
                own.add(word)
                numbered.update([(before, word)] if before else [])
        elif word in _WATER:
            is_lacking = word == "water" or before in _TO_DRINK[0] or after in _TO_DRINK[1]
            troubles.add("thirst" if is_lacking else "flood")
        elif known in _TROUBLE:
            troubles.add(_TROUBLE[known])
        elif known in _PLACE:
            places.add(_PLACE[known])
        elif word not in _EVERYWHERE and len(word) > 2:
            own.add(word)
    return Wording(frozenset(troubles), frozenset(places), frozenset(own), frozenset(numbered))


def _words(text: str) -> list[str]:
    plain = unaccented(_ADDRESSES.sub(" ", text))
    # What a hyphen or an apostrophe joins is one name; a word said twice with one is that word.
    joined = re.sub(r"(?<=[a-z])['-](?=[a-z])", "", re.sub(r"\b([a-z]+)-\1\b", r"\1", plain))
    return [_folded(word) for word in re.findall(r"[a-z]+2?|\d+", joined)]


@lru_cache(maxsize=16_384)
def _folded(word: str) -> str:
    """One spelling for a word: no letters held down, no `2` for a word said twice, no ending, no slang, no `008`."""
    if word.isdigit():
        return word.lstrip("0") or "0"
    word = re.sub(r"([a-z])\1{2,}", r"\1", word)
    if len(word) > 3:
        word = word.removesuffix("2")
    affix = _AFFIX.match(word)
    bare = affix.group(1) if affix and word not in _KNOWN else word
    return _SAME.get(bare, bare)


@lru_cache(maxsize=16_384)
def _known(word: str) -> str:
    """The word of our lists that is meant, or the word itself."""
    if word in _KNOWN or len(word) < LONG or word in _EVERYWHERE:
        return word
    meant = process.extractOne(word, _LONG_KNOWN, scorer=fuzz.ratio, score_cutoff=SURELY_MEANT)
    return word if meant is None else meant[0]


def in_common(one: Iterable[str], other: Iterable[str]) -> list[str]:
    """The words of the first that stand in the second, too, mistyped or not; each of the second counts once."""
    mine, theirs = set(one), set(other)
    found = mine & theirs
    left = sorted(word for word in theirs - found if len(word) >= LONG)
    for word in sorted(word for word in mine - found if len(word) >= LONG):
        meant = process.extractOne(word, left, scorer=fuzz.ratio, score_cutoff=TYPING_ERROR)
        if meant is not None:
            left.remove(meant[0])
            found.add(word)
    return sorted(found)


def overlap(one: Wording, other: Wording) -> tuple[float, list[str]]:
    """How much of what both say by their own words and kinds of places both say, 0..1, and those words."""
    mine, theirs = one.own | one.places, other.own | other.places
    shared = in_common(mine, theirs)
    every = len(mine) + len(theirs) - len(shared)
    return (len(shared) / every if every else 0.0), shared
