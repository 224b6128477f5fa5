-- Sessions
-- What the agents' own logs told: no prompt, answer, file content or tool output is among it. Times that a log wrote are
-- its own. Times, sizes, NULL: as in 0001.

CREATE TABLE session_states (                   -- an agent's session, whenever something of it changed
    agent_id        TEXT    NOT NULL,
    timestamp       INTEGER NOT NULL,           -- of the tick that noted it
    session_id      TEXT    NOT NULL,           -- empty: the agent has no session any more
    kind            TEXT    NOT NULL,           -- of the agent program
    model           TEXT    NOT NULL,           -- empty: unknown
    turn_state      TEXT    NOT NULL CHECK (turn_state IN (  -- what it does, or waits for
        'thinking', 'tool', 'permission', 'input', 'limited', 'compacting', 'idle', 'error', 'ended', 'unknown'
    )),
    state_since     INTEGER,                    -- since when it has been in that state
    unsure          INTEGER NOT NULL CHECK (unsure IN (0, 1)),  -- 1: the tool may as well wait for a permission
    tool            TEXT    NOT NULL,           -- that runs, or for which permission is asked; empty: none
    tool_target     TEXT    NOT NULL,           -- file or program that it works on; empty: none, or not to be kept
    tool_since      INTEGER,                    -- when that was called
    waiting_for     TEXT    NOT NULL,           -- what a person has to give; empty: nothing
    waiting_since   INTEGER,                    -- since when a person is waited for
    limited_until   INTEGER,                    -- when the limit ends that holds
    error           TEXT    NOT NULL,           -- in the states error and limited
    updated         INTEGER,                    -- newest sign of the session
    input_tokens    INTEGER NOT NULL,           -- so far, without what came from the cache or went into it
    output_tokens   INTEGER NOT NULL,           -- the same, reasoning included
    cache_read_tokens INTEGER NOT NULL,         -- that came from the cache
    cache_write_tokens INTEGER NOT NULL,        -- that went into it
    reasoning_tokens INTEGER NOT NULL,          -- part of output_tokens
    cost_usd        REAL,                       -- so far; NULL: no price is known
    context_used    INTEGER,                    -- tokens in the context window
    context_size    INTEGER,                    -- tokens that fit into it
    edit_count      INTEGER NOT NULL,           -- edits so far
    errors          INTEGER NOT NULL,           -- API errors so far
    details         BLOB,                       -- the rest, JSON compressed with zlib; NULL: as before, at most a minute old
    PRIMARY KEY (agent_id, timestamp)
) STRICT, WITHOUT ROWID;

CREATE TABLE session_usage (                    -- tokens by session, hour and model
    agent_id        TEXT    NOT NULL,
    timestamp       INTEGER NOT NULL,           -- start of the hour
    session_id      TEXT    NOT NULL,           -- as in session_states
    model           TEXT    NOT NULL,           -- the same
    input_tokens    INTEGER NOT NULL,           -- as in session_states, of this hour
    output_tokens   INTEGER NOT NULL,           -- the same
    cache_read_tokens INTEGER NOT NULL,         -- the same
    cache_write_tokens INTEGER NOT NULL,        -- the same
    reasoning_tokens INTEGER NOT NULL,          -- the same
    cost_usd        REAL,                       -- NULL: the model had no price
    PRIMARY KEY (agent_id, timestamp, session_id, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE session_calls (                    -- tools that were called
    agent_id        TEXT    NOT NULL,
    timestamp       INTEGER NOT NULL,           -- when it was called; where the log does not tell, when its session began
    session_id      TEXT    NOT NULL,           -- as in session_states
    call_id         TEXT    NOT NULL,           -- as the agent numbers it
    name            TEXT    NOT NULL,           -- of the tool
    target          TEXT    NOT NULL,           -- file or program that it works on; empty: none, or not to be kept
    ended_at        INTEGER,                    -- NULL: not yet, or the log never told
    outcome         TEXT    CHECK (outcome IN ('ok', 'error', 'denied')),  -- NULL: unknown
    PRIMARY KEY (agent_id, timestamp, session_id, call_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_session_states_waits ON session_states (agent_id, timestamp) WHERE turn_state IN ('permission', 'input');
