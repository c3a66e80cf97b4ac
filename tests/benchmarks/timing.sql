-- The definition `timing`, hand-written: the audit and the classes of the sample company.
-- What each partner weighs is left in the table `weights`, from which credit.sql makes the credit.
-- $input and $output are folders; the as-of day is 2026-10-31, the reporting currency USD.
SET TimeZone = 'America/New_York';

CREATE TEMP TABLE survivors AS
WITH RECURSIVE chain AS (
    SELECT merged_account_id AS account_id, surviving_account_id, 1 AS steps
    FROM '$input/account_merges.parquet'
    UNION ALL
    SELECT chain.account_id, further.surviving_account_id, chain.steps + 1
    FROM chain
    JOIN '$input/account_merges.parquet' AS further
        ON chain.surviving_account_id = further.merged_account_id
)
SELECT account_id, arg_max(surviving_account_id, steps) AS survivor
FROM chain
GROUP BY account_id;

CREATE TEMP TABLE opportunities AS
WITH dated AS (
    SELECT
        *,
        created_at::DATE AS created_day,
        coalesce(status IN ('won', 'lost') AND closed_at::DATE <= DATE '2026-10-31', false) AS is_closed,
        CASE WHEN is_closed THEN closed_at::DATE ELSE DATE '2026-10-31' END AS last_day
    FROM '$input/opportunities.parquet'
    WHERE created_day <= DATE '2026-10-31'
),
rated AS (
    SELECT
        dated.*,
        (abs(amount) * 100)::HUGEINT
            * CASE WHEN dated.currency = 'USD' THEN 1000000000000
                   ELSE (rates.rate * 1000000)::DECIMAL(38, 6)::HUGEINT * 1000000 END AS exact
    FROM dated
    ASOF LEFT JOIN '$input/fx_rates.parquet' AS rates
        ON dated.currency = rates.currency AND dated.last_day >= rates.valid_from
)
SELECT
    rated.* EXCLUDE (status, closed_at, exact),
    coalesce(survivors.survivor, rated.account_id) AS survivor,
    CASE WHEN is_closed THEN status ELSE 'open' END AS status,
    CASE WHEN is_closed THEN closed_at END AS closed_at,
    (sign(amount) * (exact // 1000000000000 + CASE  -- half to even
        WHEN exact % 1000000000000 > 500000000000 THEN 1
        WHEN exact % 1000000000000 = 500000000000 THEN (exact // 1000000000000) % 2
        ELSE 0
    END))::DECIMAL(20, 2) * 0.01 AS amount_reporting
FROM rated
LEFT JOIN survivors USING (account_id);

CREATE TEMP TABLE touches AS
SELECT
    touches.touch_id,
    touches.opportunity_id,
    coalesce(survivors.survivor, touches.account_id) AS survivor,
    touches.partner_id,
    partners.partner_id IS NOT NULL AS is_known,
    touches.touch_type,
    touches.touched_at,
    touches.touched_at::DATE AS touched_day,
    touches.logged_at::DATE AS logged_day,
    touches.evidence_url
FROM '$input/touches.parquet' AS touches
LEFT JOIN '$input/partners.parquet' AS partners USING (partner_id)
LEFT JOIN survivors USING (account_id);

CREATE TEMP TABLE pairs AS
WITH by_account AS (
    SELECT
        touches.touch_id,
        opportunities.opportunity_id,
        touched_day BETWEEN created_day AND last_day AS was_open,
        created_day > touched_day AND row_number() OVER (
            PARTITION BY touches.touch_id, created_day > touched_day
            ORDER BY created_at, opportunities.opportunity_id
        ) = 1 AS is_next
    FROM touches
    JOIN opportunities USING (survivor)
    WHERE touches.opportunity_id IS NULL
),
links AS (
    SELECT touch_id, opportunity_id FROM touches WHERE opportunity_id IS NOT NULL
    UNION ALL
    SELECT touch_id, opportunity_id FROM by_account WHERE was_open OR is_next
),
judged AS (
    SELECT
        touches.touch_id,
        opportunities.opportunity_id,
        partner_id,
        touch_type,
        touched_at,
        evidence_url,
        touched_day - created_day AS days_to_created,
        last_day - touched_day AS days_before_last,
        CASE
            WHEN touch_type IN (
                'introduction', 'referral', 'lead_submission', 'deal_registration', 'event_meeting'
            ) AND days_to_created BETWEEN -365 AND -1 THEN 0
            WHEN touched_day BETWEEN created_day AND last_day THEN 1
        END AS rule,
        CASE
            WHEN touched_day > DATE '2026-10-31' THEN 'after_as_of'
            WHEN NOT is_known THEN 'unknown_partner'
            WHEN opportunity_type NOT IN ('new_business', 'expansion')
                THEN 'opportunity_type_excluded'
        END AS before_evidence,
        CASE
            WHEN logged_day > last_day THEN 'logged_after_close'
            WHEN touched_day > last_day THEN 'after_close'
            WHEN rule IS NULL THEN 'outside_window'
        END AS after_evidence
    FROM links
    JOIN touches USING (touch_id)
    JOIN opportunities ON links.opportunity_id = opportunities.opportunity_id
)
SELECT
    * EXCLUDE (before_evidence, after_evidence, rule),
    CASE rule WHEN 0 THEN 'sourced' WHEN 1 THEN 'influenced' END AS claimed_role,
    before_evidence IS NULL AND after_evidence IS NULL AS is_claimed,
    coalesce(
        before_evidence,
        CASE WHEN evidence_url IS NULL THEN 'no_evidence' END,
        after_evidence
    ) AS reason,
    CASE WHEN reason IS NULL THEN claimed_role END AS role,
    CASE WHEN reason IS NULL THEN rule END AS rule
FROM judged;

COPY (
    SELECT
        touch_id, opportunity_id, partner_id, touch_type, touched_at,
        CASE WHEN reason IS NULL THEN 'accepted' ELSE 'rejected' END AS decision,
        role, reason, rule::BIGINT AS rule
    FROM pairs
    UNION ALL
    SELECT
        touch_id, opportunity_id, partner_id, touch_type, touched_at,
        'rejected', NULL, 'no_opportunity', NULL
    FROM touches
    ANTI JOIN pairs USING (touch_id)
    ORDER BY touch_id, opportunity_id
) TO '$output/touch_audit.parquet' (COMPRESSION zstd);

CREATE TEMP TABLE classes AS
WITH class_of AS (
    SELECT opportunity_id, max(role) AS classification, max(claimed_role) AS claimed_classification
    FROM pairs  -- 'sourced' comes after 'influenced' in the alphabet
    WHERE is_claimed
    GROUP BY opportunity_id
),
deciding AS (
    SELECT
        opportunity_id,
        first(partner_id ORDER BY touched_at, touch_id) AS primary_partner_id,
        first(touch_id ORDER BY touched_at, touch_id) AS deciding_touch_id,
        first(evidence_url ORDER BY touched_at, touch_id) AS evidence_url,
        first(days_to_created ORDER BY touched_at, touch_id) AS days_to_created,
        count(DISTINCT partner_id) AS partner_count
    FROM pairs
    JOIN class_of USING (opportunity_id)
    WHERE role = classification
    GROUP BY opportunity_id
)
SELECT * FROM class_of LEFT JOIN deciding USING (opportunity_id);

COPY (
    SELECT
        opportunities.opportunity_id,
        account_id,
        coalesce(classes.classification, 'direct') AS classification,
        coalesce(classes.claimed_classification, 'direct') AS claimed_classification,
        crm_classification,
        CASE
            WHEN evidence_url IS NOT NULL THEN 'evidenced'
            WHEN deciding_touch_id IS NOT NULL THEN 'claimed'
            WHEN classes.claimed_classification IS NOT NULL THEN 'claimed'
            WHEN crm_classification IN ('sourced', 'influenced') THEN 'unsupported'
        END AS evidence_grade,
        primary_partner_id,
        deciding_touch_id,
        evidence_url,
        days_to_created,
        coalesce(partner_count, 0) AS partner_count,
        status,
        stage,
        opportunity_type,
        owner,
        created_at,
        closed_at,
        amount_reporting::DECIMAL(18, 2) AS amount_reporting,
        'timing' AS definition_id,
        1::BIGINT AS definition_version
    FROM opportunities
    LEFT JOIN classes USING (opportunity_id)
    ORDER BY opportunity_id
) TO '$output/opportunity_attribution.parquet' (COMPRESSION zstd);

CREATE TEMP TABLE weights AS
WITH ordered AS (
    SELECT
        pairs.*,
        primary_partner_id,
        amount_reporting,
        row_number() OVER earliest - 1 AS turn,
        count(*) OVER whole AS touch_count,
        greatest(CASE role WHEN 'sourced' THEN -pairs.days_to_created ELSE days_before_last END, 0) AS days,
        min(days) OVER whole AS nearest
    FROM pairs
    JOIN classes ON pairs.opportunity_id = classes.opportunity_id AND role = classification
    JOIN opportunities ON pairs.opportunity_id = opportunities.opportunity_id
    WINDOW
        whole AS (PARTITION BY pairs.opportunity_id),
        earliest AS (PARTITION BY pairs.opportunity_id ORDER BY touched_at, touch_id)
)
SELECT
    opportunity_id,
    partner_id,
    any_value(role) AS classification,
    any_value(amount_reporting) AS amount_reporting,
    min(turn) AS first_turn,
    bool_or(partner_id = primary_partner_id)::BIGINT AS "primary",
    1 AS equal,
    count(*) AS linear,
    bool_or(turn = 0)::BIGINT AS first,
    bool_or(turn = touch_count - 1)::BIGINT AS last,
    sum(CASE
        WHEN touch_count <= 2 THEN 1
        WHEN turn IN (0, touch_count - 1) THEN 40 * (touch_count - 2)
        ELSE 20
    END) AS position,
    sum(pow(2.0::DOUBLE, (nearest - days) / 30.0::DOUBLE)) AS time_decay,
    sum(CASE
        WHEN touch_type IN ('introduction', 'referral', 'deal_registration') THEN 3
        WHEN touch_type IN ('co_sell', 'champion') THEN 2
        ELSE 1
    END) AS weighted
FROM ordered
GROUP BY opportunity_id, partner_id;
