-- Which rows each metric is taken over. `kind` says what becomes of a group of them.

CREATE TABLE catalogue (
    metric VARCHAR,
    kind VARCHAR,
    classifications VARCHAR[],
    dimensions VARCHAR[]
);
CREATE MACRO apart() AS ['sourced', 'influenced', 'direct'];
CREATE MACRO of_days() AS ['sourced', 'influenced', 'co_sell', 'direct'];

INSERT INTO catalogue VALUES
    ('open_pipeline', 'amount', apart(),
        ['partner', 'parent_partner', 'partner_type', 'tier', 'region', 'segment', 'owner']),
    ('weighted_pipeline', 'amount', apart(), ['partner']),
    ('created_pipeline', 'amount', apart(),
        ['partner', 'parent_partner', 'partner_type', 'tier', 'region']),
    ('bookings', 'amount', apart(),
        ['partner', 'parent_partner', 'partner_type', 'tier', 'region', 'segment']),
    ('won_count', 'count', apart(), ['partner', 'parent_partner']),
    ('lost_count', 'count', apart(), ['partner', 'parent_partner']),
    ('win_rate', 'wilson', ['sourced', 'influenced', 'co_sell', 'direct', 'all'],
        ['partner_type', 'region', 'segment']),
    ('average_won_amount', 'mean', apart(), ['partner_type']),
    ('median_won_amount', 'median', apart(), ['partner_type']),
    ('renewal_rate', 'wilson', of_days(), []),
    ('days_touch_to_opportunity', 'median', ['sourced'], ['partner_type']),
    ('days_to_close', 'median', of_days(), ['opportunity_type']),
    ('touches_logged', 'count', ['all'], ['touch_type', 'partner']),
    ('handoffs_sent', 'count', ['all'], ['direction', 'partner']),
    ('handoffs_accepted', 'count', ['all'], ['direction', 'partner']),
    ('registrations', 'count', ['all'], ['partner']),
    ('target_coverage', 'rate', ['all'], ['region', 'segment']),
    ('handoff_acceptance_rate', 'wilson', ['all'], ['direction', 'partner']),
    ('evidence_rate', 'rate', ['all'], ['partner', 'touch_type']),
    ('logged_on_time_rate', 'rate', ['all'], ['partner', 'owner']),
    ('days_touch_to_meeting', 'median', ['all'], ['partner_type']),
    ('program_cost', 'amount', ['all'], ['category', 'partner']);

-- Pipeline and velocity: one row per metric, period and opportunity.
CREATE TABLE taken AS
SELECT 'open_pipeline' AS metric, period, opportunity_id, class, 1::DECIMAL(18, 8) AS value
FROM facts
JOIN periods ON created_on <= ends_on AND (closed_on IS NULL OR closed_on > ends_on)
UNION ALL
SELECT 'weighted_pipeline', period, opportunity_id, class, probability
FROM facts
JOIN periods ON is_last
WHERE created_on <= getvariable('as_of')
    AND (closed_on IS NULL OR closed_on > getvariable('as_of'))
UNION ALL
SELECT 'created_pipeline', period, opportunity_id, class, 1
FROM facts
JOIN periods ON created_on BETWEEN starts_on AND ends_on
UNION ALL
SELECT unnest(['bookings', 'won_count']), period, opportunity_id, class, 1
FROM facts
JOIN periods ON closed_on BETWEEN starts_on AND ends_on
WHERE status = 'won'
UNION ALL
SELECT 'lost_count', period, opportunity_id, class, 1
FROM facts
JOIN periods ON closed_on BETWEEN starts_on AND ends_on
WHERE status = 'lost'
UNION ALL
SELECT 'win_rate', period, opportunity_id, class, (status = 'won')::INTEGER
FROM facts
JOIN periods ON closed_on BETWEEN starts_on AND ends_on
WHERE status IN ('won', 'lost')
UNION ALL
SELECT unnest(['average_won_amount', 'median_won_amount']), period, opportunity_id, class, amount
FROM facts
JOIN periods ON closed_on BETWEEN starts_on AND ends_on
WHERE status = 'won'
UNION ALL
SELECT 'days_to_close', period, opportunity_id, class, closed_on - created_on
FROM facts
JOIN periods ON closed_on BETWEEN starts_on AND ends_on
WHERE status = 'won'
UNION ALL
SELECT 'days_touch_to_opportunity', period, opportunity_id, class, -days_to_created
FROM facts
JOIN periods ON created_on BETWEEN starts_on AND ends_on
WHERE class = 'sourced'
UNION ALL
(
    WITH first_sales AS (
        SELECT account_id, closed_on AS sold_on, class AS sale_class
        FROM facts
        WHERE status = 'won' AND opportunity_type = 'new_business'
        QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY closed_on, opportunity_id) = 1
    )
    SELECT 'renewal_rate', period, opportunity_id, sale_class, (status = 'won')::INTEGER
    FROM facts
    JOIN first_sales USING (account_id)
    JOIN periods ON closed_on BETWEEN starts_on AND ends_on
    WHERE opportunity_type = 'renewal' AND status IN ('won', 'lost') AND sold_on <= closed_on
);

-- The log: one row per metric, period and record, with its members.
CREATE TABLE logged AS
WITH dated AS (
    SELECT
        touches.*,
        period,
        day_of(logged_at) - day_of(touched_at) AS days_to_log,
        EXISTS (
            FROM touch_audit AS audit
            WHERE audit.touch_id = touches.touch_id AND audit.decision = 'accepted'
        ) AS is_accepted
    FROM touches
    JOIN periods ON day_of(touched_at) BETWEEN starts_on AND ends_on
)
SELECT 'touches_logged' AS metric, period, 1::DECIMAL(18, 8) AS value,
    MAP {'touch_type': touch_type, 'partner': partner_id} AS members
FROM dated
WHERE is_accepted
UNION ALL
SELECT 'registrations', period, 1, MAP {'partner': partner_id}
FROM dated
WHERE touch_type = 'deal_registration'
UNION ALL
SELECT 'evidence_rate', period, (evidence_url IS NOT NULL)::INTEGER,
    MAP {'touch_type': touch_type, 'partner': partner_id}
FROM dated
UNION ALL
SELECT 'logged_on_time_rate', period, (days_to_log <= 14)::INTEGER,
    MAP {'partner': partner_id, 'owner': or_none(logged_by)}
FROM dated
WHERE logged_at IS NOT NULL
UNION ALL
SELECT 'handoffs_sent', period, 1, MAP {'direction': direction, 'partner': partner_id}
FROM handoffs
JOIN periods ON day_of(sent_at) BETWEEN starts_on AND ends_on
UNION ALL
SELECT 'handoffs_accepted', period, 1, MAP {'direction': direction, 'partner': partner_id}
FROM handoffs
JOIN periods ON day_of(sent_at) BETWEEN starts_on AND ends_on
WHERE response = 'accepted' AND coalesce(day_of(responded_at) <= getvariable('as_of'), true)
UNION ALL
SELECT 'handoff_acceptance_rate', period, (response = 'accepted')::INTEGER,
    MAP {'direction': direction, 'partner': partner_id}
FROM handoffs
JOIN periods ON day_of(responded_at) BETWEEN starts_on AND ends_on
WHERE response IN ('accepted', 'rejected')
UNION ALL
SELECT 'days_touch_to_meeting', period, day_of(first_meeting_at) - day_of(sent_at),
    MAP {'partner_type': or_none(partner_type)}
FROM handoffs
JOIN periods ON day_of(first_meeting_at) BETWEEN starts_on AND ends_on
LEFT JOIN partners USING (partner_id)
UNION ALL
SELECT 'target_coverage', period,
    (
        EXISTS (
            FROM account_paths AS paths
            WHERE paths.account_id = accounts.account_id
                AND paths.evidence_url IS NOT NULL
                AND day_of(paths.observed_at) BETWEEN year_starts_on AND ends_on
        ) OR EXISTS (
            FROM touch_audit AS audit
            JOIN facts USING (opportunity_id)
            WHERE facts.account_id = accounts.account_id
                AND audit.decision = 'accepted'
                AND day_of(audit.touched_at) BETWEEN year_starts_on AND ends_on
        )
    )::INTEGER,
    MAP {'region': or_none(region), 'segment': or_none(segment)}
FROM accounts
CROSS JOIN periods
WHERE is_target;

-- A cost at the rate in force on its day, half to even to cents.
INSERT INTO logged
WITH rated AS (
    SELECT
        costs.*,
        (abs(amount) * 100)::HUGEINT
            * CASE WHEN costs.currency = getvariable('currency') THEN 1000000::HUGEINT
                   ELSE (rate * 1000000)::DECIMAL(38, 0)::HUGEINT END AS exact,
        exact // 1000000 AS cents,
        exact % 1000000 AS rest
    FROM program_costs AS costs
    ASOF LEFT JOIN fx_rates AS rates
        ON costs.currency = rates.currency AND costs.incurred_on >= rates.valid_from
)
SELECT 'program_cost', period,
    (sign(amount) * (cents + (rest > 500000 OR (rest = 500000 AND cents % 2 = 1))::INTEGER))
        ::DECIMAL(20, 0) * 0.01,
    MAP {'category': category, 'partner': or_none(partner_id)}
FROM rated
JOIN periods ON incurred_on BETWEEN starts_on AND ends_on;

-- One row per metric, period, classification, member and what is counted there.
CREATE TABLE counted AS
SELECT metric, period, classification, dimension, member,
    (CASE WHEN kind = 'amount' THEN amounts.amount * value ELSE value END)::DECIMAL(38, 8) AS value
FROM taken
JOIN catalogue USING (metric)
JOIN classifications USING (class)
JOIN amounts USING (opportunity_id)
WHERE list_contains(catalogue.classifications, classification)
    AND kind = 'amount'
    AND (dimension = 'all' OR list_contains(dimensions, dimension))
UNION ALL
SELECT metric, period, classification, dimension, member, value
FROM taken
JOIN catalogue USING (metric)
JOIN classifications USING (class)
JOIN members USING (opportunity_id)
WHERE list_contains(catalogue.classifications, classification)
    AND kind <> 'amount'
    AND (dimension = 'all' OR list_contains(dimensions, dimension))
    -- Direct has no partner, so over partners `all` would be co-sell once more.
    AND NOT (classification = 'all' AND dimension = 'partner_type')
UNION ALL
SELECT metric, period, 'all', entry.key, entry.value, value
FROM logged, unnest(map_entries(map_concat(MAP {'all': 'all'}, members))) AS entries(entry);
