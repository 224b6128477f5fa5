-- Back: what attached systems told is lost, as far as they do not tell it any more.
ALTER TABLE agent_status_changes DROP COLUMN system_status;
ALTER TABLE agent_status_changes DROP COLUMN system;
DROP TABLE system_metrics;
DROP TABLE system_logs;
DROP TABLE system_events;
DROP TABLE system_states;
