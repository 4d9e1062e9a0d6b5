"""Names, titles, trades and places the generator draws from. All people and companies are invented."""

from __future__ import annotations

import unicodedata
from typing import Final

from leadline.connectors.practice.generate_chance import Weighted

# language -> (first names, last names); ``display:latin`` where the address cannot be read off the name
_NAMES: Final = {
    "en": (
        "Olivia Noah Emma Liam Ava Ethan Mia Lucas Grace Henry Chloe Jack Zoe Owen Ruby Caleb Hazel Miles Nora Wyatt",
        "Smith Johnson Brown Taylor Wilson Davis Clark Hall Young King Wright Hill Green Baker O'Connor Smith-Jones "
        "Murphy Reed Foster Hayes Bennett Price Cole Marsh",
    ),
    "de": (
        "Anna Jürgen Sophie Lukas Jörg Marie Felix Günther Lena Jonas Käthe Paul Greta Moritz Ute Björn",
        "Müller Schmidt Schneider Fischer Weber Wagner Becker Schäfer Koch Groß Krüger Vogel Jäger Weiß Lüdtke Kühn",
    ),
    "fr": (
        "Chloé Hugo Inès Louis Zoé Jules Élodie François Léa Théo Anaïs Rémi Océane Maël",
        "Martin Bernard Dubois Lefèvre Moreau Laurent Girard Bonnet Mercier Guérin Faure d'Aubigné Noël Lebœuf",
    ),
    "es": (
        "María José Lucía Ñusta Begoña Íñigo Sofía Andrés Nuria Joaquín Pilar Iván Ximena Raúl",
        "García Núñez Ibáñez López Peña Muñoz Castaño Ortiz Vázquez Marín Ñíguez Zúñiga Aragón Cebrián",
    ),
    "pl": (
        "Łukasz Agnieszka Paweł Zofia Michał Grażyna Wojciech Małgorzata Święta Jędrzej Kinga Błażej",
        "Kowalski Wiśniewska Wójcik Kamiński Lewandowska Zieliński Dąbrowska Kozłowski Żak Wróbel Łuczak Sęk",
    ),
    "nordic": (
        "Åsa Søren Freja Björn Øyvind Aino Lærke Håkon Ingrid Nils Saga Jón",
        "Åström Sørensen Lindqvist Ødegård Þórsson:thorsson Mäkinen Bergström Dahl Nygård Hjelm Virtanen Kjær",
    ),
    "zh": (
        "伟:wei 芳:fang 娜:na 敏:min 静:jing 强:qiang 磊:lei 洋:yang",
        "王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 黄:huang 欧阳:ouyang",
    ),
    "ja": (
        "さくら:sakura 蓮:ren 陽菜:hina 健太:kenta 美咲:misaki 翔:sho",
        "佐藤:sato 鈴木:suzuki 高橋:takahashi 田中:tanaka 渡辺:watanabe 髙﨑:takasaki",
    ),
    "rtl": (
        "محمد:mohammed فاطمة:fatima نور:noor דוד:david נועה:noa יעל:yael",
        "الحداد:alhaddad خليل:khalil منصور:mansour כהן:cohen לוי:levi פרץ:peretz",
    ),
    "in": (
        "Priya Arjun Ananya Rohan Kavya Vikram Isha Siddharth Meera Aditya",
        "Sharma Patel Iyer Reddy Nair Gupta Rao Chatterjee Kulkarni Menon",
    ),
}

_LATIN: Final = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "đ": "d"})


def latin(text: str) -> str:
    """Return a name as the local part of an address spells it: lower-case ASCII letters and digits."""
    spread = unicodedata.normalize("NFKD", text.lower().translate(_LATIN))
    return "".join(letter for letter in spread if letter.isascii() and letter.isalnum())


def _spelled(words: str) -> tuple[tuple[str, str], ...]:
    pairs = [word.partition(":") for word in words.split()]
    return tuple((name, spelling or latin(name)) for name, _, spelling in pairs)


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


NAMES: Final = {language: (_spelled(first), _spelled(last)) for language, (first, last) in _NAMES.items()}
"""language -> (first names, last names), each (as written, as an address spells it)."""

COUNTRIES: Final = (
    # name, language, telephone, weight
    ("United States", "en", "+1 415 555 {:04d}", 26),
    ("Germany", "de", "+49 30 5550 {:04d}", 15),
    ("United Kingdom", "en", "+44 20 7946 {:04d}", 11),
    ("France", "fr", "+33 1 5550 {:04d}", 8),
    ("Spain", "es", "+34 91 555 {:04d}", 6),
    ("Poland", "pl", "+48 22 555 {:04d}", 6),
    ("Netherlands", "de", "+31 20 555 {:04d}", 4),
    ("Sweden", "nordic", "+46 8 555 {:04d}", 4),
    ("Canada", "en", "+1 604 555 {:04d}", 5),
    ("India", "in", "+91 22 5550 {:04d}", 5),
    ("China", "zh", "+86 10 5550 {:04d}", 2),
    ("Japan", "ja", "+81 3 5550 {:04d}", 3),
    ("Israel", "rtl", "+972 3 555 {:04d}", 2),
    ("Brazil", "es", "+55 11 5550 {:04d}", 3),
)
COUNTRY_DRAW: Final = Weighted(*((country, country[3]) for country in COUNTRIES))

INDUSTRIES: Final = Weighted(
    ("Software", 22),
    ("Manufacturing", 17),
    ("Logistics", 11),
    ("Retail", 12),
    ("Healthcare", 10),
    ("Education", 7),
    ("Financial Services", 8),
    ("Energy", 4),
    ("Public Sector", 4),
    ("", 5),
)
TARGET_INDUSTRIES: Final = ("Software", "Manufacturing", "Logistics")

COMPANY_FIRST: Final = _listed(
    "Alder Amber Birch Bright Cedar Cobalt Copper Coral Delta Dune Elm Ember Falcon Fern Flint Garnet Glacier Harbor "
    "Hazel Indigo Iron Juniper Kestrel Lark Linden Maple Meadow Nimbus North Oak Onyx Otter Pine Quartz Raven River "
    "Sable Silver Slate Sparrow Summit Tidal Timber Umber Vale Vantage Willow Zephyr Ångström Łódź"
)
COMPANY_LAST: Final = _listed(
    "bridge works line field forge metrics gate point yard stone loop stream craft deck hub lane mark mill peak port "
    "rail ridge scope shore span spire stack tower trail wave way wick"
)
COMPANY_FORM: Final = {
    "Germany": ("GmbH", "AG", "GmbH & Co. KG"),
    "France": ("SA", "SARL"),
    "Spain": ("S.L.", "S.A."),
    "Poland": ("sp. z o.o.", "S.A."),
    "Netherlands": ("B.V.",),
    "Sweden": ("AB",),
    "United Kingdom": ("Ltd", "plc"),
    "Japan": ("株式会社", "K.K."),
    "Brazil": ("Ltda.",),
}
COMPANY_FORM_ELSE: Final = ("Inc.", "Inc", "LLC", "Corp.", "Group")

SENIOR_TITLES: Final = (
    "VP Operations",
    "VP of Sales",
    "Chief Information Officer",
    "Chief Operating Officer",
    "Director of IT",
    "Head of Logistics",
    "Head of Digital",
    "Director, Supply Chain",
    "CTO",
    "Director Marketing",
    "Vice President Engineering",
    "Head of Procurement",
)
TITLES: Final = (
    "Software Engineer",
    "Account Manager",
    "IT Administrator",
    "Buyer",
    "Project Manager",
    "Marketing Manager",
    "Data Analyst",
    "Operations Manager",
    "Consultant",
    "Office Manager",
    "Controller",
    "Team Lead Fulfilment",
    "Ingénieur logiciel",
    "Einkäufer (m/w/d)",
    "Product Owner",
    "Sales Representative",
)
STUDENT_TITLES: Final = ("Student", "PhD student", "Student assistant", "Working Student Marketing")

FREE_MAIL: Final = Weighted(
    ("gmail.com", 50),
    ("yahoo.com", 12),
    ("outlook.com", 12),
    ("hotmail.com", 10),
    ("gmx.de", 6),
    ("web.de", 4),
    ("icloud.com", 4),
    ("qq.com", 2),
)
COMPETITORS: Final = (("Rivalsoft Inc.", "rivalsoft.example"), ("Copycat Ltd", "copycat.example"))
SOURCES: Final = Weighted(
    ("Web", 34), ("Advertisement", 12), ("Partner", 8), ("Trade Show", 9), ("Purchased List", 8), ("Referral", 6),
    ("Organic Search", 15), ("", 8),
)  # fmt: skip
