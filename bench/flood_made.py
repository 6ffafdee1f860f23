"""What a flood is made of: junk of many kinds, and true reports among it, from the same addresses.

Junk varies what is cheap to vary: texts, phones, devices, places. Nothing here is anybody's text but ours.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ADDRESSES = [f"36.68.{n}.{n + 7}" for n in range(40)]
"""As many networks as a province's mobile operators show for thousands of people."""
KINDS = {
    "same_text": 22, "template": 22, "gibberish": 15, "link": 15, "chatter": 10, "copied": 8, "salad": 4,
    "claims_t0": 2, "believable": 2,
}  # fmt: skip
"""How much of the junk is of each kind, in per cent."""

_SAME = (
    "Pinjaman online cair 5 menit tanpa jaminan hubungi admin sekarang",
    "Tolong tolong tolong tolong bantu kami semua",
    "Butuh bantuan segera di semua tempat",
    "Bupati korupsi dana bencana sebarkan ke semua orang",
    "Banjir besar di seluruh kota jangan percaya pemerintah",
)
_TEMPLATES = (
    "Saya {name} dari {place} butuh {item} {n} buah kirim ke rumah saya",
    "Tolong kirim {item} untuk {n} orang di {place} sekarang juga",
    "Di {place} ada {n} korban perlu {item} cepat",
    "Bantu {name} di {place}, sudah {n} hari tidak makan, minta {item}",
    "Gempa besar di {place} {n} rumah roboh kirim {item}",
    "{place} banjir {n} meter semua warga minta {item}",
)
_COPIED = (
    "Rumah kami di RT 02 terendam, ada 4 lansia, butuh air bersih dan selimut",
    "Longsor menutup jalan ke kampung kami, 30 keluarga kehabisan beras",
    "Di masjid ada 80 pengungsi, tikar dan obat kurang, tolong dikirim sore ini",
)
_CHATTER = (
    "halo", "tes", "siapa yang jaga di situ", "selamat pagi semua", "ini aplikasi apa ya", "coba coba saja",
    "cuaca hari ini cerah sekali", "pesan ini tidak penting", "kapan libur sekolah", "nonton bola yuk nanti malam",
)  # fmt: skip
_SALAD = (
    "air", "banjir", "tolong", "rumah", "jalan", "orang", "sakit", "makan", "minum", "tenda", "desa", "kota",
    "hujan", "malam", "pagi", "anak", "ibu", "bapak", "lansia", "obat", "beras", "mobil", "perahu", "sungai",
    "gunung", "tanah", "batu", "pohon", "listrik", "sinyal", "posko", "relawan", "bantuan", "kirim", "cepat",
    "besar", "kecil",
)  # fmt: skip
_PLACES = (
    "Cugenang", "Pacet", "Cipanas", "Warungkondang", "Gekbrong", "Sukaresmi", "Mande", "Karangtengah", "Cilaku",
    "Cibeber", "Bojongsoang", "Dayeuhkolot", "Baleendah", "Majalaya", "Rancaekek", "Cicalengka", "Soreang", "Ciwidey",
)  # fmt: skip
_NAMES = ("Asep", "Dedi", "Euis", "Neng", "Ujang", "Iis", "Cecep", "Wawan", "Yanti", "Rina", "Agus", "Tatang")
_ITEMS = ("beras", "air", "selimut", "tenda", "obat", "susu", "popok", "terpal")
_ITEM_CODES = ("rice", "water", "blanket", "tarpaulin", "medicine_kit", "infant_formula")

_TRUE = (
    "Sumur kami keruh sejak gempa, {n} orang di RT {rt} minta air minum sampai Kamis",
    "Atap SD Ciherang bocor parah, {n} anak tidur di lantai basah, perlu terpal",
    "Bapak saya penderita gula, insulinnya tinggal sehari, kami di {place}",
    "Jembatan bambu ke {place} hanyut tadi subuh, beras untuk {n} jiwa tidak bisa lewat",
    "Dapur umum di balai {place} kehabisan gas dan minyak, melayani {n} pengungsi",
    "Ibu hamil 8 bulan di tenda {place}, kontraksi belum, tapi butuh bidan datang memeriksa",
    "Kami {n} keluarga di lapangan bola {place}, malam dingin sekali, bayi banyak yang batuk",
    "Mushola Al Ikhlas dipakai mengungsi {n} orang, jamban cuma satu dan sudah penuh",
    "Tanah retak di belakang rumah Pak {name}, warga RT {rt} takut tidur di dalam",
    "Listrik mati dua hari di {place}, pompa air tidak jalan, {n} rumah kering",
    "Nenek {name} lumpuh, kursi rodanya tertimpa tembok, tinggal sama cucu di {place}",
    "Stok susu bayi di posko {place} habis malam ini, ada {n} bayi di bawah setahun",
    "Lumpur setinggi lutut di gang {place}, sekop hanya dua, minta alat bersih-bersih",
    "Warga {place} pilih mengungsi ke kebun teh, {n} orang tanpa tikar sama sekali",
    "Anak-anak di {place} mulai diare, oralit dan obat habis di puskesmas pembantu",
)
_TRUE_T0 = (
    "Pak {name} tertimbun tembok dapur, masih menjawab kalau dipanggil, RT {rt} {place}",
    "Air Citarum masuk rumah, kami berlima di atap, sudah tidak bisa turun, {place}",
    "Ibu {name} sesak napas, bibir biru, ambulans tidak bisa masuk gang, {place}",
    "Dua anak terjebak di lantai dua madrasah {place}, tangganya runtuh",
    "Istri saya mau melahirkan sekarang, jalan ke puskesmas putus longsor, {place}",
)


@dataclass(frozen=True)
class Sending:
    """One report of the play: what it is (a kind of KINDS, `true` or `true_t0`), its body and where it comes from."""

    kind: str
    body: dict[str, Any]
    address: str


def play(dice: random.Random, junk: int, true: int, true_t0: int) -> list[Sending]:
    """The whole flood in the order in which it comes: junk by the shares of KINDS, true reports strewn in evenly."""
    kinds = dice.choices(list(KINDS), weights=list(KINDS.values()), k=junk)
    found = [Sending(kind, _junk(dice, kind), dice.choice(ADDRESSES)) for kind in kinds]
    truth = [_sent_true(dice, n) for n in range(true - true_t0)]
    truth += [_sent_true_t0(dice, n) for n in range(true_t0)]
    dice.shuffle(truth)
    for n, one in enumerate(truth):
        # The later a report comes, the more its words may have been worn by junk: none comes before the flood.
        found.insert(len(found) * (n + 1) // (len(truth) + 1), one)
    return found


def _junk(dice: random.Random, kind: str) -> dict[str, Any]:
    body = _body(dice, "".join(_text(dice, kind)))
    if kind == "claims_t0":
        body["danger"] = {"trapped": True}
    elif kind in ("template", "salad", "believable") or dice.random() < 0.3:
        body["needs"] = [{"item": dice.choice(_ITEM_CODES)}]
    return body


def _text(dice: random.Random, kind: str) -> Iterator[str]:
    if kind == "same_text":
        yield dice.choice(_SAME) + dice.choice(("", "!", " !!", ".", f" {dice.randint(1, 999)}"))
    elif kind in ("template", "claims_t0"):
        yield _filled(dice, dice.choice(_TEMPLATES))
    elif kind == "gibberish":
        lengths = (dice.randint(4, 10) for _ in range(dice.randint(3, 9)))
        yield " ".join("".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=length)) for length in lengths)
    elif kind == "link":
        host = f"{dice.choice(('bansos', 'klaim', 'dana'))}-{dice.randint(1, 99)}.example.xyz"
        yield f"Info bantuan di https://{host}/{dice.getrandbits(24):06x}"
    elif kind == "chatter":
        yield dice.choice(_CHATTER) + dice.choice(("", " ya", " dong", "?", f" {dice.randint(1, 999)}"))
    elif kind == "copied":
        yield dice.choice(_COPIED).replace("02", f"{dice.randint(1, 20):02d}").replace("30", str(dice.randint(3, 99)))
    elif kind == "salad":
        yield " ".join(dice.sample(_SALAD, dice.randint(6, 12)))
    else:
        yield _filled(dice, dice.choice(_TRUE))


def _sent_true(dice: random.Random, n: int) -> Sending:
    body = _body(dice, _filled(dice, _TRUE[n % len(_TRUE)]))
    body["needs"] = [{"item": dice.choice(_ITEM_CODES)}] if dice.random() < 0.7 else []
    if dice.random() < 0.3:
        del body["place"]
        body["place_text"] = f"{dice.choice(_PLACES)}, Jawa Barat"
        body["contact"] = {"phone": _phone(dice)}
    return Sending("true", body, dice.choice(ADDRESSES))


def _sent_true_t0(dice: random.Random, n: int) -> Sending:
    body = _body(dice, _filled(dice, _TRUE_T0[n % len(_TRUE_T0)]))
    body["danger"] = {"trapped": n % 2 == 0, "vital": n % 2 == 1}
    return Sending("true_t0", body, dice.choice(ADDRESSES))


def _body(dice: random.Random, text: str) -> dict[str, Any]:
    place = {"lon": round(dice.uniform(106.9, 107.8), 5), "lat": round(dice.uniform(-7.1, -6.7), 5), "accuracy_m": 40}
    contact = {"contact": {"phone": _phone(dice)}} if dice.random() < 0.6 else {}
    return {"client_id": str(uuid.UUID(int=dice.getrandbits(128), version=4)), "text": text, "place": place} | contact


def _phone(dice: random.Random) -> str:
    return f"08{dice.choice((12, 13, 21, 52, 57, 78, 96))}{dice.randint(10_000_000, 99_999_999)}"


def _filled(dice: random.Random, text: str) -> str:
    return text.format(
        name=dice.choice(_NAMES), place=dice.choice(_PLACES), item=dice.choice(_ITEMS), n=dice.randint(2, 120),
        rt=dice.randint(1, 12),
    )  # fmt: skip
