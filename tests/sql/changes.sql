-- What change_log records, whoever changes what: the same under every setting of the two pragmas.
.mode list
.separator ' | '
.nullvalue NULL
CREATE TEMP VIEW log AS SELECT operation, table_name, row_key, old_values, new_values FROM change_log ORDER BY id;
CREATE TEMP VIEW bad AS SELECT count(*) AS "entries that are no JSON, or hold a hash" FROM change_log
WHERE old_values IS NOT NULL AND NOT json_valid(old_values) OR new_values IS NOT NULL AND NOT json_valid(new_values)
	OR instr(coalesce(old_values, '') || coalesce(new_values, ''), '$6$');

.print ---- what comes
INSERT INTO groups (name, description) VALUES ('pumps', 'water "pumps"'), ('lab', NULL);
INSERT INTO clients (name, username, password, mqtt_id, description)
VALUES ('pump-7', 'p7', '$6$salt$hash', '%u-*', 'two' || char(10) || 'lines, a \ and a ' || char(27));
INSERT INTO clients (name, authentication) VALUES ('gateway', 'certificate');
INSERT INTO client_certificates (client, match_by, value) VALUES ('gateway', 'dns', 'Gateway.Example'),
	('gateway', 'fingerprint', lower(hex(zeroblob(32))));
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('pumps', 'publish', 'pumps/%u/#');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'pump-7', 'pumps'), ('any', '', 'lab');
SELECT * FROM log;
SELECT json_extract(new_values, '$.description') FROM change_log WHERE row_key = 'pump-7';
SELECT count(*) FROM change_log WHERE changed_at = strftime('%Y-%m-%dT%H:%M:%SZ', changed_at)
	AND changed_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 minute');
DELETE FROM change_log;

.print ---- what changes: only the columns that do
UPDATE clients SET password = '$6$salt$other', enabled = 0 WHERE name = 'pump-7';
UPDATE clients SET enabled = 0, password = password, updated_at = '2001-02-03T04:05:06Z' WHERE name = 'pump-7';
UPDATE clients SET authentication = 'certificate', password = NULL WHERE name = 'pump-7';
UPDATE client_certificates SET value = 'NEW.example' WHERE match_by = 'dns';
UPDATE group_rules SET value = '*' WHERE match_by = 'any';
UPDATE acl_permissions SET permission = 'deny';
SELECT * FROM log;
DELETE FROM change_log;

.print ---- what a rename carries along
UPDATE clients SET name = 'gate' WHERE name = 'gateway';
UPDATE groups SET name = 'water' WHERE name = 'pumps';
SELECT * FROM log ORDER BY table_name, row_key;
DELETE FROM change_log;

.print ---- what OR REPLACE pushes out, and what OR IGNORE does not
INSERT OR REPLACE INTO clients (name, authentication) VALUES ('gate', 'certificate');
INSERT OR REPLACE INTO groups (name, description) VALUES ('water', 'new');
INSERT OR REPLACE INTO client_certificates (client, match_by, value) VALUES ('pump-7', 'dns', 'new.EXAMPLE');
INSERT OR REPLACE INTO acl_permissions (id, group_name, action, topic) VALUES (1, 'lab', 'subscribe', 'a');
INSERT OR REPLACE INTO group_rules (id, match_by, value, group_name) VALUES (1, 'mqtt_id', 'x*', 'lab');
UPDATE OR REPLACE group_rules SET match_by = 'any', value = '*' WHERE id = 1;
SELECT * FROM log;
DELETE FROM change_log;
INSERT OR IGNORE INTO clients (name, authentication) VALUES ('gate', 'certificate');
INSERT INTO clients (name, authentication) VALUES ('gate', 'certificate') ON CONFLICT DO NOTHING;
INSERT OR IGNORE INTO client_certificates (client, match_by, value) VALUES ('gate', 'dns', 'NEW.example');
INSERT OR IGNORE INTO group_rules (match_by, value, group_name) VALUES ('any', '', 'lab');
INSERT OR IGNORE INTO acl_permissions (group_name, action, topic) VALUES ('lab', 'subscribe', 'a');
SELECT * FROM log;

.print ---- what goes, also behind an insert that did nothing
DELETE FROM clients WHERE name = 'gate';
DELETE FROM groups;
SELECT * FROM log;
SELECT * FROM bad;

.print ---- entries are not changed, only deleted
UPDATE change_log SET row_key = 'somebody else';
DELETE FROM change_log;
SELECT count(*) FROM change_log;

.print ---- what was refused or rolled back leaves no entry
INSERT INTO clients (name, authentication) VALUES ('', 'certificate');
BEGIN;
DELETE FROM clients;
ROLLBACK;
SELECT count(*) FROM change_log;
