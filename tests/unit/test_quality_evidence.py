"""Rules about what a touch, and a touched opportunity, must carry."""

import polars as pl

from tests.unit.quality_frames import broken, checked_by, findings, source


def test_touch_without_evidence():
    tables = source(touches=[{"touch_id": "T1"}, {"touch_id": "T2", "evidence_url": None}])
    assert broken("touch_without_evidence", tables) == {
        "T2": "The co-sell by Nordwind on 2026-03-04 carries no link to its evidence."
    }


def test_touch_evidence_not_a_link():
    links = {
        "T1": "https://crm.example/1",
        "T2": "HTTP://crm.example",
        "T3": "see mail",
        "T4": "mailto:pat@nordwind.example",
        "T5": "//crm.example",
        "T6": "https://",
        "T7": "https://crm.example/a b",
        "T8": "www.crm.example/" + "x" * 60,
        "T9": None,
    }
    tables = source(
        touches=[{"touch_id": touch, "evidence_url": url} for touch, url in links.items()]
    )
    messages = broken("touch_evidence_not_a_link", tables)
    assert list(messages) == ["T3", "T4", "T5", "T6", "T7", "T8"]
    assert messages["T4"] == (
        "The co-sell by Nordwind on 2026-03-04 gives “mailto:pat@nordwind.example” as evidence, "
        "which is not a link that anyone can open."
    )
    assert "“www.crm.example/" + "x" * 44 + "…”" in messages["T8"]
    assert checked_by("touch_evidence_not_a_link", tables) == 8


def test_touch_without_person():
    tables = source(touches=[{"touch_id": "T1"}, {"touch_id": "T2", "partner_contact": None}])
    assert broken("touch_without_person", tables) == {
        "T2": "The co-sell by Nordwind on 2026-03-04 does not name the partner's person."
    }


def test_touch_evidence_unsafe__internal_schemes_however_written():
    links = {
        "T1": "javascript:alert(1)",
        "T2": " JavaScript:alert(1)",
        "T3": "java\tscript:alert(1)",
        "T4": "data:text/html,<script>",
        "T5": "file:///C:/mail.msg",
        "T6": "vbscript:x",
        "T7": "https://crm.example/javascript:alert(1)",
        "T8": "javascript is on this page",
        "T9": "mailto:pat@nordwind.example",
    }
    tables = source(
        touches=[{"touch_id": touch, "evidence_url": url} for touch, url in links.items()]
    )
    messages = broken("touch_evidence_unsafe", tables)
    assert list(messages) == ["T1", "T2", "T3", "T4", "T5", "T6"]
    assert messages["T1"] == (
        "The co-sell by Nordwind on 2026-03-04 gives “javascript:alert(1)” as evidence: no page "
        "shows it as a link, and nobody should open it."
    )
    assert list(broken("touch_evidence_not_a_link", tables)) == ["T8", "T9"]


def test_touch_without_seller():
    tables = source(touches=[{"touch_id": "T1"}, {"touch_id": "T2", "accepted_by": None}])
    assert broken("touch_without_seller", tables) == {
        "T2": "The co-sell by Nordwind on 2026-03-04 does not name a seller who accepted it."
    }


def test_touch_without_opportunity():
    tables = source(
        touches=[
            {"touch_id": "T1"},
            {"touch_id": "T2", "opportunity_id": None, "account_id": "A1"},
            {"touch_id": "T3", "opportunity_id": None},  # hangs on nothing: another rule
        ]
    )
    assert broken("touch_without_opportunity", tables) == {
        "T2": "The co-sell by Nordwind on 2026-03-04 names account A1 and no opportunity."
    }
    assert checked_by("touch_without_opportunity", tables) == 2


def test_touch_type_says_nothing():
    tables = source(touches=[{"touch_id": "T1"}, {"touch_id": "T2", "touch_type": "crm_tag"}])
    assert broken("touch_type_says_nothing", tables) == {
        "T2": "The CRM tag by Nordwind on 2026-03-04 does not say what the partner did."
    }


def touched(*opportunities):
    """Opportunities with one complete touch each, and what differs."""
    return source(
        opportunities=[
            {"opportunity_id": f"O{number}", "crm_classification": "direct"} | row
            for number, row in enumerate(opportunities)
        ],
        touches=[
            {"touch_id": f"T{number}", "opportunity_id": f"O{number}"}
            for number in range(len(opportunities))
        ],
    )


def test_opportunity_touched_without_class():
    after_close = {"status": "won", "closed_at": "2026-03-03T12:00"}
    tables = touched({}, {"crm_classification": None}, {"crm_classification": None} | after_close)
    assert broken("opportunity_touched_without_class", tables) == {
        "O1": "Opportunity Acme renewal has 1 touch and no class in the CRM."
    }
    assert checked_by("opportunity_touched_without_class", tables) == 2


def test_opportunity_touched_without_owner():
    tables = touched({}, {"owner": None})
    untouched = source(opportunities=[{"owner": None}])
    rows = findings(tables).filter(pl.col("rule") == "opportunity_touched_without_owner")
    assert rows.select("record_id", "owner", "message").rows() == [
        ("O1", "RevOps", "Opportunity Acme renewal has 1 touch and no owner.")
    ]
    assert broken("opportunity_touched_without_owner", untouched) == {}


def test_opportunity_fields_incomplete__any_touch_may_carry_a_field():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1", "crm_classification": "direct"},
            {"opportunity_id": "O2", "crm_classification": "direct"},
            {"opportunity_id": "O3", "owner": None, "account_id": "A9"}
            | {"crm_classification": None},
            {"opportunity_id": "O4"},
        ],
        touches=[
            {"touch_id": "T1", "evidence_url": None},
            {"touch_id": "T2", "partner_contact": None, "accepted_by": None},
            {"touch_id": "T3", "opportunity_id": "O2", "evidence_url": None},
            {
                "touch_id": "T4",
                "opportunity_id": "O3",
                "partner_id": "P9",
                "partner_contact": None,
                "accepted_by": None,
                "evidence_url": None,
            },
        ],
    )
    assert broken("opportunity_fields_incomplete", tables) == {
        "O2": "Opportunity Acme renewal has 1 touch, and these fields stand neither on it nor on "
        "any of them: evidence.",
        "O3": "Opportunity Acme renewal has 1 touch, and these fields stand neither on it nor on "
        "any of them: account, partner, partner's person, class, accepting seller, owner, "
        "evidence.",
    }
    assert checked_by("opportunity_fields_incomplete", tables) == 3
