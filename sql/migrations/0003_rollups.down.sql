-- Back to schema 2: roll-ups and archived alerts are lost.
DROP TABLE alerts_archive;
DROP TABLE rollups;
DROP TABLE system_health_hourly;
DROP TABLE agent_metrics_daily;
DROP TABLE agent_metrics_hourly;
DROP TABLE agent_metrics_5min;
