"""Names that belong to nobody: stems made of two halves, and domains under `.example`."""

import polars as pl

from workbench.sample.columns import only, words
from workbench.sample.draws import Numbers

ACCOUNT_HEADS = (
    "Quill", "Sable", "Thistle", "Umber", "Marl", "Pell", "Cinder", "Brindle", "Tansy", "Oriel",
    "Larch", "Velm", "Dravel", "Ostel", "Karrow", "Nimbel", "Torvel", "Zeph", "Bramble",
    "Dapple", "Fallow", "Gorse", "Heron", "Juniver", "Kelm", "Loam", "Mossel", "Nettle",
    "Ottel", "Peverel", "Rushel", "Sorrel", "Teasel", "Vetch", "Wicken", "Yarrel",
)  # fmt: skip
ACCOUNT_TAILS = (
    "mere", "wick", "moor", "gate", "holm", "crest", "dale", "ford", "haven", "ridge", "stead",
    "worth", "field", "brook", "bury", "combe", "den", "fell", "garth", "hurst", "ley", "low",
    "mead", "pool", "shaw", "ton", "vale", "well", "by", "thorpe", "strand", "lea",
)  # fmt: skip
PARTNER_HEADS = (
    "Arv", "Belv", "Corm", "Dorv", "Elst", "Farn", "Gald", "Hest", "Ilm", "Jorv", "Kald",
    "Lorv", "Morn", "Nald", "Orv", "Pald", "Rost", "Selv", "Tarn", "Ulv", "Vard", "Wend",
    "Yarl", "Zald",
)  # fmt: skip
PARTNER_TAILS = (
    "ane", "eo", "ian", "ix", "ora", "ent", "une", "ello", "ario", "ova", "ique", "anth",
)  # fmt: skip

INDUSTRIES = {
    "Manufacturing": ("Works", "Castings", "Components", "Tooling", "Ceramics", "Industries"),
    "Retail": ("Stores", "Outfitters", "Homeware", "Grocers", "Textiles", "Retail"),
    "Healthcare": ("Clinics", "Health", "Diagnostics", "Care", "Laboratories", "Medical"),
    "Financial services": ("Credit", "Mutual", "Insurance", "Leasing", "Savings", "Capital"),
    "Logistics": ("Freight", "Logistics", "Haulage", "Shipping", "Warehousing", "Couriers"),
    "Energy": ("Energy", "Solar", "Grid", "Utilities", "Power", "Wind"),
    "Media": ("Studios", "Press", "Broadcast", "Pictures", "Publishing", "Games"),
    "Public sector": ("Council", "Transit", "Schools", "Water", "Housing", "Libraries"),
}
INDUSTRY_NAMES = tuple(INDUSTRIES)
DESCRIPTORS = [word for group in INDUSTRIES.values() for word in group]
PER_INDUSTRY = 6

PARTNER_DESCRIPTORS = {
    "reseller": ("IT Solutions", "Systems", "Technologies"),
    "distributor": ("Distribution", "Supply", "Wholesale IT"),
    "referral": ("Advisors", "Associates", "Advisory"),
    "affiliate": ("Media", "Network", "Insights"),
    "technology": ("Software", "Cloud", "Data"),
    "services": ("Consulting", "Integration", "Services"),
    "marketplace": ("Marketplace", "Exchange", "Store"),
}
LEGAL_FORMS = {"AMER": ", Inc.", "EMEA": " GmbH", "APAC": " Pte. Ltd."}

PRODUCTS = ("Planning Suite", "Data Hub", "Control Room", "Field App", "Forecast Engine", "Ledger")
SELLERS = (
    "Mara K.", "Tobin A.", "Ilse R.", "Devan P.", "Noor B.", "Caleb W.", "Yuna S.", "Petra L.",
    "Amadi O.", "Linus F.", "Rosa M.", "Kenji T.", "Edda V.", "Farid N.", "Greta H.", "Owen D.",
)  # fmt: skip
MANAGERS = ("Salma J.", "Bruno E.", "Anneke C.", "Ravi G.", "Helen Q.", "Milo U.")
CONTACT_ROLES = ("alliances", "partner.sales", "channel", "presales", "accounts")


def account_stems(numbers: Numbers) -> pl.Series:
    """A different stem for each number; a counter follows once the stems are used up."""
    total = len(ACCOUNT_HEADS) * len(ACCOUNT_TAILS)
    place = numbers * 611 % total
    stem = words(ACCOUNT_HEADS, place // len(ACCOUNT_TAILS)) + words(
        ACCOUNT_TAILS, place % len(ACCOUNT_TAILS)
    )
    turn = numbers // total + 1
    return stem + only(" " + pl.Series(turn).cast(pl.String), turn > 1).fill_null("")


def partner_stems(count: int) -> list[str]:
    """A different stem for each partner, the same way."""
    total = len(PARTNER_HEADS) * len(PARTNER_TAILS)
    return [
        PARTNER_HEADS[number * 125 % total // len(PARTNER_TAILS)]
        + PARTNER_TAILS[number * 125 % len(PARTNER_TAILS)]
        + (f" {number // total + 1}" if number >= total else "")
        for number in range(count)
    ]


def domain(name: str) -> str:
    """The domain that goes with a name."""
    return name.lower().replace(" ", "-") + ".example"
