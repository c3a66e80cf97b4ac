-- What the metrics are taken over: periods, opportunities, what each belongs to, and credit.
-- The tables of a run are views of their names. Variables: as_of and first_day (of the current
-- fiscal quarter; the fiscal year starts in November), timezone, currency.

CREATE MACRO day_of(instant) AS (instant AT TIME ZONE getvariable('timezone'))::DATE;
CREATE MACRO or_none(member) AS coalesce(member, '(none)');

-- Nine fiscal quarters. A fiscal year is named by the calendar year in which it ends.
CREATE TABLE periods AS
SELECT
    strftime(starts_on + INTERVAL 2 MONTH, '%Y-Q') || quarter(starts_on + INTERVAL 2 MONTH) AS period,
    starts_on,
    least(starts_on + INTERVAL 3 MONTH - INTERVAL 1 DAY, getvariable('as_of'))::DATE AS ends_on,
    ends_on - 364 AS year_starts_on,
    back = 0 AS is_last
FROM (
    SELECT (getvariable('first_day') - to_months(3 * back::INTEGER))::DATE AS starts_on, back
    FROM range(9) AS numbers(back)
);

CREATE TABLE facts AS
SELECT
    found.opportunity_id,
    found.account_id,
    found.classification AS class,
    found.status,
    found.opportunity_type,
    found.owner,
    found.primary_partner_id,
    found.days_to_created,
    found.amount_reporting AS amount,
    crm.probability::DECIMAL(18, 8) AS probability,
    accounts.region,
    accounts.segment,
    day_of(found.created_at) AS created_on,
    day_of(found.closed_at) AS closed_on
FROM opportunity_attribution AS found
JOIN opportunities AS crm USING (opportunity_id)
LEFT JOIN accounts ON accounts.account_id = found.account_id;

-- Under which names a class is counted.
CREATE TABLE classifications AS
SELECT * FROM (VALUES
    ('sourced', 'sourced'), ('influenced', 'influenced'), ('direct', 'direct'),
    ('co_sell', 'sourced'), ('co_sell', 'influenced'),
    ('all', 'sourced'), ('all', 'influenced'), ('all', 'direct')
) AS pairs(classification, class);

-- The parent of parents; a parent that is no partner is a top, a circle has none.
CREATE TABLE partner_groups AS
WITH RECURSIVE chain AS (
    SELECT partner_id, partner_id AS top, [partner_id] AS passed, false AS is_circle
    FROM partners
    UNION ALL
    SELECT
        chain.partner_id,
        above.parent_partner_id,
        list_append(chain.passed, above.parent_partner_id),
        list_contains(chain.passed, above.parent_partner_id)
    FROM chain
    JOIN partners AS above ON above.partner_id = chain.top
    WHERE above.parent_partner_id IS NOT NULL AND NOT chain.is_circle
)
SELECT
    partner_id,
    CASE WHEN bool_or(is_circle) THEN '(parents in a circle)' ELSE arg_max(top, len(passed)) END AS top
FROM chain
GROUP BY partner_id;

CREATE MACRO partner_members(partner_id, top, partner_type, tier) AS MAP {
    'partner': or_none(partner_id),
    'parent_partner': or_none(coalesce(top, partner_id)),
    'partner_type': or_none(partner_type),
    'tier': or_none(tier)
};

-- Of counts, rates and days: one row per opportunity and dimension, with its primary partner.
CREATE TABLE members AS
WITH of_opportunity AS (
    SELECT opportunity_id, unnest(map_entries(MAP {
        'all': 'all',
        'region': or_none(region),
        'segment': or_none(segment),
        'owner': or_none(owner),
        'opportunity_type': opportunity_type
    }), recursive := true)
    FROM facts
),
of_primary_partner AS (
    SELECT opportunity_id, unnest(map_entries(
        partner_members(primary_partner_id, top, partner_type, tier)
    ), recursive := true)
    FROM facts
    LEFT JOIN partners ON partners.partner_id = primary_partner_id
    LEFT JOIN partner_groups ON partner_groups.partner_id = primary_partner_id
    WHERE class <> 'direct'
)
SELECT opportunity_id, key AS dimension, value AS member FROM of_opportunity
UNION ALL
SELECT opportunity_id, key, value FROM of_primary_partner;

-- Who is credited with what; without any credit, nobody with all of it.
CREATE TABLE credits AS
SELECT opportunity_id, class, credit.partner_id, top, partner_type, tier,
    CASE WHEN credit.opportunity_id IS NULL THEN amount ELSE credited_amount END AS amount
FROM facts
LEFT JOIN partner_credit AS credit USING (opportunity_id)
LEFT JOIN partners ON partners.partner_id = credit.partner_id
LEFT JOIN partner_groups ON partner_groups.partner_id = credit.partner_id
WHERE class <> 'direct';

-- Of amounts: one row per opportunity, dimension and member, with what of its amount stands there.
CREATE TABLE amounts AS
WITH credited AS (
    SELECT opportunity_id, amount, unnest(map_entries(
        partner_members(partner_id, top, partner_type, tier)
    ), recursive := true)
    FROM credits
)
SELECT opportunity_id, dimension, member, amount
FROM members
JOIN facts USING (opportunity_id)
WHERE dimension NOT IN ('partner', 'parent_partner', 'partner_type', 'tier')
UNION ALL
SELECT opportunity_id, key, value, sum(amount)::DECIMAL(18, 2)
FROM credited
GROUP BY ALL;
