-- Back: mutes are lost, and what they kept quiet is told again.
DROP TABLE alert_mutes;
