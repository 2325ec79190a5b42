.mode list
INSERT INTO groups (name) VALUES ('g'), ('h');
INSERT INTO clients (name, username, password) VALUES ('a', 'alice', '$6$salt$hash'), ('b', 'bob', '$6$salt$hash');
INSERT INTO client_certificates VALUES ('a', 'dns', 'a.example'), ('a', 'uri', 'urn:a'), ('b', 'dns', 'b.example');
INSERT INTO group_rules (id, match_by, value, group_name) VALUES (1, 'client', 'a', 'g'), (2, 'client', 'a', 'h'),
	(3, 'client', 'b', 'g'), (4, 'mqtt_id', 'a', 'g'), (5, 'any', '*', 'h');

.print -- renaming a client carries its certificates and rules along, and nothing else
UPDATE clients SET name = 'anna' WHERE name = 'a';
SELECT * FROM client_certificates ORDER BY value;
SELECT * FROM group_rules ORDER BY id;

.print -- so does renaming under every conflict clause
UPDATE OR REPLACE clients SET name = 'a1' WHERE name = 'anna';
UPDATE OR IGNORE clients SET name = 'a2' WHERE name = 'a1';
UPDATE OR FAIL clients SET name = 'a3' WHERE name = 'a2';
UPDATE OR ROLLBACK clients SET name = 'a4' WHERE name = 'a3';
INSERT INTO clients (name, username, password) VALUES ('a4', 'alice', '$6$salt$hash')
ON CONFLICT (name) DO UPDATE SET name = 'a5';
SELECT * FROM client_certificates ORDER BY value;
SELECT * FROM group_rules ORDER BY id;

.print -- renaming all at once
UPDATE clients SET name = name || '-x';
SELECT client, value FROM client_certificates ORDER BY value;
SELECT id, value FROM group_rules ORDER BY id;
UPDATE clients SET name = 'a' WHERE name = 'a5-x';
UPDATE clients SET name = 'b' WHERE name = 'b-x';

.print -- inserting a client again keeps its certificates and rules, under every conflict clause
INSERT INTO clients (name, username, password) VALUES ('a', 'alice', '$6$salt$hash');
INSERT OR IGNORE INTO clients (name, username, password) VALUES ('a', 'alice', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES ('a', 'alice', '$6$salt$hash') ON CONFLICT DO NOTHING;
INSERT INTO clients (name, username, password) VALUES ('a', 'alice', '$6$salt$hash')
ON CONFLICT (name) DO UPDATE SET description = 'upsert';
INSERT OR REPLACE INTO clients (name, username, password, description) VALUES ('a', 'alice', '$6$salt$hash', 'replaced');
REPLACE INTO clients (name, username, password) VALUES ('a', 'anna', '$6$salt$hash'), ('b', 'bob', '$6$salt$hash2');
INSERT OR REPLACE INTO clients (name, authentication) VALUES ('a', 'certificate');
INSERT OR REPLACE INTO clients SELECT * FROM clients;
SELECT count(*) FROM set_aside;
SELECT name, authentication, username, password FROM clients ORDER BY name;
SELECT * FROM client_certificates ORDER BY value;
SELECT * FROM group_rules ORDER BY id;

.print -- a refused replacement keeps them too
INSERT OR REPLACE INTO clients (name, username, password) VALUES ('a', 'bob', '$6$salt$hash');
INSERT OR REPLACE INTO clients (name, username, password) VALUES ('a', 'alice', 'plain');
SELECT count(*) FROM client_certificates WHERE client = 'a';
SELECT count(*) FROM group_rules WHERE match_by = 'client' AND value = 'a';

.print -- deleting a client takes its certificates and rules along, and nothing else
DELETE FROM clients WHERE name = 'a';
SELECT * FROM client_certificates;
SELECT * FROM group_rules ORDER BY id;

.print -- a new client of the same name has none of them
INSERT INTO clients (name, authentication) VALUES ('a', 'certificate');
SELECT count(*) FROM client_certificates WHERE client = 'a';
SELECT count(*) FROM group_rules WHERE match_by = 'client' AND value = 'a';

.print -- nor has one when an ignored insert came before the deletion
INSERT INTO client_certificates VALUES ('a', 'dns', 'a.example');
INSERT INTO group_rules (id, match_by, value, group_name) VALUES (1, 'client', 'a', 'g');
INSERT OR IGNORE INTO clients (name, authentication) VALUES ('a', 'certificate');
DELETE FROM clients WHERE name = 'a';
SELECT count(*) FROM client_certificates WHERE client = 'a';
SELECT count(*) FROM group_rules WHERE match_by = 'client' AND value = 'a';
INSERT INTO clients (name, authentication) VALUES ('other', 'certificate');
INSERT INTO clients (name, authentication) VALUES ('a', 'certificate');
INSERT OR REPLACE INTO clients (name, authentication) VALUES ('a', 'certificate');
SELECT count(*) FROM client_certificates WHERE client IN ('a', 'other');
SELECT count(*) FROM group_rules WHERE match_by = 'client' AND value IN ('a', 'other');

.print -- nor when somebody is renamed to it
DELETE FROM clients WHERE name = 'a';
UPDATE clients SET name = 'a' WHERE name = 'other';
SELECT count(*) FROM client_certificates WHERE client = 'a';

.print -- deleting all of them leaves rules of other kinds
DELETE FROM clients;
SELECT * FROM client_certificates;
SELECT * FROM group_rules ORDER BY id;
