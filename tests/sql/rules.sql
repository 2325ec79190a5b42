INSERT INTO groups (name) VALUES ('g'), ('h');
INSERT INTO clients (name, authentication) VALUES ('a', 'certificate'), ('b', 'certificate'), ('*', 'certificate');

.print -- a rule of every kind
INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'a', 'g'), ('mqtt_id', 'pump-?-*', 'g'),
	('mqtt_id', '100%', 'g'), ('mqtt_id', '*', 'g'), ('any', '*', 'g'), ('anonymous', '*', 'g'), ('client', '*', 'g'),
	('certificate_fingerprint', 'SHA256:' || hex(zeroblob(32)), 'g');
SELECT * FROM group_rules ORDER BY id;

.print -- the value may be left out where there is only one
DELETE FROM group_rules;
INSERT INTO group_rules (match_by, group_name) VALUES ('any', 'g'), ('anonymous', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', '', 'h');
SELECT * FROM group_rules ORDER BY id;
.print -- and must not be left out elsewhere
INSERT INTO group_rules (match_by, group_name) VALUES ('mqtt_id', 'g');
INSERT INTO group_rules (match_by, group_name) VALUES ('client', 'g');
INSERT INTO group_rules (match_by, group_name) VALUES ('certificate_fingerprint', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', NULL, 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', NULL, 'g');

.print -- values are refused
INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', 'a', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('anonymous', 'a', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'nobody', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'A', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', '', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', 'a' || char(0), 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', printf('%.1025c', 'm'), 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', replace(printf('%.513c', 'm'), 'm', 'ü'), 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('certificate_fingerprint', 'AB:CD', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', x'61', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', 'a' || char(2), 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', CAST(x'ff' AS TEXT), 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', printf('%.1024c', 'm'), 'g');
DELETE FROM group_rules WHERE match_by = 'mqtt_id';

.print -- kinds and groups are refused
INSERT INTO group_rules (match_by, value, group_name) VALUES ('username', 'a', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('fingerprint', hex(zeroblob(32)), 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('ANY', '*', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES (NULL, '*', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('rule client', 'a', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', '*', 'nobody');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', '*', NULL);
INSERT OR IGNORE INTO group_rules (match_by, value, group_name) VALUES ('any', '*', 'nobody');
UPDATE group_rules SET group_name = 'nobody';
UPDATE group_rules SET match_by = 'client';
UPDATE group_rules SET match_by = 'username';
UPDATE group_rules SET value = 'a';
UPDATE OR IGNORE group_rules SET value = 'a';
SELECT * FROM group_rules ORDER BY id;

.print -- a rule becomes one of another kind
UPDATE group_rules SET match_by = 'client', value = 'b' WHERE id = 3;
UPDATE group_rules SET match_by = 'any', value = '' WHERE id = 3;
UPDATE group_rules SET match_by = 'certificate_fingerprint', value = 'sha256:' || lower(replace(hex(zeroblob(32)), '00', 'ab')) WHERE id = 3;
SELECT * FROM group_rules ORDER BY id;

.print -- the same rule is kept once, in any spelling
INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', '*', 'g');
INSERT INTO group_rules (match_by, group_name) VALUES ('any', 'g');
INSERT INTO group_rules (match_by, group_name) VALUES ('any', 'g') ON CONFLICT DO NOTHING;
INSERT OR IGNORE INTO group_rules (match_by, group_name) VALUES ('any', 'g');
INSERT OR ABORT INTO group_rules (match_by, group_name) VALUES ('any', 'g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('certificate_fingerprint', replace(hex(zeroblob(32)), '00', 'AB'), 'h');
INSERT OR IGNORE INTO group_rules (match_by, value, group_name) VALUES ('certificate_fingerprint', replace(hex(zeroblob(32)), '00', 'AB'), 'h');
SELECT * FROM group_rules ORDER BY id;
.print -- also after an update: an error, ignored, or the other row is replaced
INSERT INTO group_rules (id, match_by, value, group_name) VALUES (50, 'mqtt_id', 'x', 'g');
UPDATE group_rules SET match_by = 'any', value = '' WHERE id = 50;
UPDATE OR IGNORE group_rules SET id = 51, match_by = 'any', value = '' WHERE id = 50;
SELECT * FROM group_rules ORDER BY id;
UPDATE OR REPLACE group_rules SET match_by = 'any', value = '' WHERE id = 50;
SELECT * FROM group_rules ORDER BY id;
INSERT OR REPLACE INTO group_rules (id, match_by, group_name) VALUES (60, 'any', 'g');
SELECT * FROM group_rules ORDER BY id;

.print -- replacing by id leaves nothing of the old rule
REPLACE INTO group_rules (id, match_by, value, group_name) VALUES (60, 'mqtt_id', 'x?', 'h');
SELECT * FROM group_rules ORDER BY id;
