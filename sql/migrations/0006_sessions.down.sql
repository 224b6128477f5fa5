-- Back: what the agents' own logs told is lost, as far as they do not tell it any more.
DROP TABLE session_calls;
DROP TABLE session_usage;
DROP TABLE session_states;
