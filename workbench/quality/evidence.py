"""Rules about what a touch must carry for someone to check it."""

from typing import Final

import polars as pl

from workbench.contracts import Opportunities, Touches
from workbench.quality import words
from workbench.quality.rule import Rule

WEB_LINK: Final = r"(?i)^https?://[^\s/]\S*$"
UNSAFE_LINK: Final = (
    r"(?i)^(?:about|blob|chrome|data|edge|file|filesystem|javascript|ms-[a-z-]+|smb|vbscript"
    r"|view-source):"
)
SHOWN_CHARACTERS: Final = 60

# Browsers pass over blanks and control characters in the name of a scheme.
_is_unsafe = pl.col("evidence_url").str.replace_all(r"[\x00-\x20]", "").str.contains(UNSAFE_LINK)
_shown_evidence = words.sentence(
    "{}{}",
    pl.col("evidence_url").str.slice(0, SHOWN_CHARACTERS),
    pl.when(pl.col("evidence_url").str.len_chars() > SHOWN_CHARACTERS)
    .then(pl.lit("…"))
    .otherwise(pl.lit("")),
)
_fields = {
    "account": pl.col("has_account"),
    "partner": pl.col("touch_has_partner"),
    "partner's person": pl.col("touch_has_person"),
    "class": pl.col("crm_classification").is_not_null(),
    "accepting seller": pl.col("touch_has_seller"),
    "owner": pl.col("owner").is_not_null(),
    "evidence": pl.col("touch_has_evidence"),
}
_lacking = words.listed({field: ~is_there for field, is_there in _fields.items()})

EVIDENCE_RULES: Final = (
    Rule(
        id="touch_without_evidence",
        table=Touches,
        severity="warning",
        title="Touch without evidence",
        meaning="The touch has no link to anything that shows that it happened.",
        why="Definitions that require evidence refuse it, and without it no figure is evidenced.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Add the link to the mail, meeting, registration or deal room.",
        fails=pl.col("evidence_url").is_null(),
        message=words.sentence("{} carries no link to its evidence.", words.touch()),
    ),
    Rule(
        id="touch_evidence_not_a_link",
        table=Touches,
        severity="warning",
        title="Evidence that is not a link",
        meaning="What stands in the evidence field is not an http or https address.",
        why="Nobody can follow it, so the touch passes as evidenced although it is not.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Replace it by the address of a page that a reviewer can open.",
        applies=pl.col("evidence_url").is_not_null() & ~_is_unsafe,
        fails=~pl.col("evidence_url").str.contains(WEB_LINK),
        message=words.sentence(
            "{} gives “{}” as evidence, which is not a link that anyone can open.",
            words.touch(),
            _shown_evidence,
        ),
    ),
    Rule(
        id="touch_evidence_unsafe",
        table=Touches,
        severity="error",
        title="Evidence that a browser must not open",
        meaning="The evidence is an address of an internal kind, such as javascript:, data: or "
        "file:.",
        why="Opening it runs a program or reads the reader's own files; it proves nothing.",
        owner="RevOps",
        days_to_mend=1,
        suggestion="Take the address out of the record, and ask who entered it.",
        applies=pl.col("evidence_url").is_not_null(),
        fails=_is_unsafe,
        message=words.sentence(
            "{} gives “{}” as evidence: no page shows it as a link, and nobody should open it.",
            words.touch(),
            _shown_evidence,
        ),
    ),
    Rule(
        id="touch_without_person",
        table=Touches,
        severity="info",
        title="Touch without a person",
        meaning="The touch does not name who acted on the partner's side.",
        why="There is nobody to ask when the touch is contested.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=None,
        suggestion="Name the partner's person on the touch.",
        fails=pl.col("partner_contact").is_null(),
        message=words.sentence("{} does not name the partner's person.", words.touch()),
    ),
    Rule(
        id="touch_without_seller",
        table=Touches,
        severity="info",
        title="Touch without an accepting seller",
        meaning="The touch does not name the seller who accepted it.",
        why="Nobody in sales vouches for it, and definitions that ask for acceptance refuse it.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=None,
        suggestion="Ask the seller to accept or to refuse the touch.",
        fails=pl.col("accepted_by").is_null(),
        message=words.sentence("{} does not name a seller who accepted it.", words.touch()),
    ),
    Rule(
        id="touch_without_opportunity",
        table=Touches,
        severity="info",
        title="Touch on an account alone",
        meaning="The touch names an account and no opportunity.",
        why="Which opportunity it moved is left to the definition, and may be disputed.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=None,
        suggestion="Link the touch to the opportunity that came of it, once there is one.",
        applies=pl.col("account_id").is_not_null() | pl.col("opportunity_id").is_not_null(),
        fails=pl.col("opportunity_id").is_null(),
        message=words.sentence(
            "{} names account {} and no opportunity.", words.touch(), "account_id"
        ),
    ),
    Rule(
        id="touch_type_says_nothing",
        table=Touches,
        severity="info",
        title="Touch that is only a tag",
        meaning="The type of the touch is crm_tag: somebody ticked a partner, and what the "
        "partner did stands nowhere.",
        why="A tag cannot be verified, and strict definitions leave it out.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=None,
        suggestion="Log what happened: an introduction, a meeting, a technical validation.",
        fails=pl.col("touch_type") == "crm_tag",
        message=words.sentence("{} does not say what the partner did.", words.touch()),
    ),
    Rule(
        id="opportunity_touched_without_class",
        table=Opportunities,
        severity="warning",
        title="Touched by a partner, and no class in the CRM",
        meaning="A touch on the opportunity took place by its close, and the CRM's own field says "
        "neither sourced, influenced nor direct.",
        why="The CRM's reports leave it out, and no two people will class it alike.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Fill the CRM's field by the agreed definition.",
        applies=pl.col("touch_count") > 0,
        fails=pl.col("crm_classification").is_null(),
        message=words.sentence(
            "{} has {} and no class in the CRM.",
            words.opportunity(),
            words.counted("touch_count", "touch"),
        ),
    ),
    Rule(
        id="opportunity_touched_without_owner",
        table=Opportunities,
        severity="warning",
        title="Touched by a partner, and nobody owns it",
        meaning="A touch on the opportunity took place by its close, and no seller owns it.",
        why="There is no seller who could accept or contest the partner's part.",
        owner="RevOps",
        days_to_mend=7,
        suggestion="Name the seller who owns it today.",
        applies=pl.col("touch_count") > 0,
        fails=pl.col("owner").is_null(),
        message=words.sentence(
            "{} has {} and no owner.",
            words.opportunity(),
            words.counted("touch_count", "touch"),
        ),
    ),
    Rule(
        id="opportunity_fields_incomplete",
        table=Opportunities,
        severity="info",
        title="Touched by a partner, and fields are missing",
        meaning="Of the fields that a partner-touched opportunity should carry, at least one is "
        "neither on it nor on any touch of it that took place by its close: account, partner, "
        "partner's person, class, accepting seller, owner, evidence.",
        why="A reviewer cannot verify the partner's part in minutes.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=None,
        suggestion="Complete the touch that decides the class; the others matter less.",
        applies=pl.col("touch_count") > 0,
        fails=_lacking != "",
        message=words.sentence(
            "{} has {}, and these fields stand neither on it nor on any of them: {}.",
            words.opportunity(),
            words.counted("touch_count", "touch"),
            _lacking,
        ),
    ),
)
