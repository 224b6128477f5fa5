-- Mutes
-- Alerts that a person did not want to hear of for a time. Times, sizes, NULL: as in 0001.

CREATE TABLE alert_mutes (                      -- which alerts were kept quiet, and for how long
    rule            TEXT    NOT NULL,           -- empty: every rule
    subject         TEXT    NOT NULL,           -- empty: every subject
    recorded_at     INTEGER NOT NULL,           -- of the tick that noted it
    created_at      INTEGER NOT NULL,           -- when the person said so
    until           INTEGER NOT NULL,           -- for how long it was meant
    ended_at        INTEGER,                    -- when it was ended, or another took its place; NULL: it lasts to `until`
    muted_by        TEXT    NOT NULL,           -- who
    note            TEXT    NOT NULL,           -- why; may be empty
    PRIMARY KEY (rule, subject, recorded_at),
    CHECK (rule <> '' OR subject <> ''),
    CHECK (ended_at <= until)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_alert_mutes_end ON alert_mutes (coalesce(ended_at, until));
