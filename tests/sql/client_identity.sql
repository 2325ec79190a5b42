.mode list
INSERT INTO clients (name, username, password) VALUES ('a', 'alice', '$6$salt$hash'), ('b', 'bob', '$6$salt$hash');
INSERT INTO clients (name, authentication) VALUES ('cert', 'certificate');
INSERT INTO groups (name) VALUES ('g');
INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'a', 'g'), ('client', 'b', 'g'), ('client', 'cert', 'g');
INSERT INTO client_certificates VALUES ('a', 'dns', 'a.example'), ('b', 'dns', 'b.example'), ('cert', 'dns', 'c.example');

.print -- a username belongs to one client, whatever the conflict clause
INSERT INTO clients (name, username, password) VALUES ('x', 'alice', '$6$salt$hash');
INSERT OR REPLACE INTO clients (name, username, password) VALUES ('x', 'alice', '$6$salt$hash');
REPLACE INTO clients (name, username, password) VALUES ('b', 'alice', '$6$salt$hash');
INSERT OR IGNORE INTO clients (name, username, password) VALUES ('x', 'alice', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES ('x', 'alice', '$6$salt$hash') ON CONFLICT DO NOTHING;
INSERT INTO clients (name, username, password) VALUES ('x', 'alice', '$6$salt$hash')
ON CONFLICT (username) DO UPDATE SET password = excluded.password;
UPDATE clients SET username = 'alice' WHERE name = 'b';
UPDATE OR REPLACE clients SET username = 'alice' WHERE name = 'b';
UPDATE OR IGNORE clients SET username = 'alice' WHERE name = 'b';
UPDATE clients SET username = 'same';
INSERT INTO clients (name, username, password) VALUES ('b', 'bob', '$6$salt$hash')
ON CONFLICT (name) DO UPDATE SET username = 'alice';

.print -- the name of a certificate client without username is its username
INSERT INTO clients (name, username, password) VALUES ('x', 'cert', '$6$salt$hash');
INSERT OR REPLACE INTO clients (name, username, password) VALUES ('x', 'cert', '$6$salt$hash');
UPDATE OR REPLACE clients SET username = 'cert' WHERE name = 'b';
INSERT OR REPLACE INTO clients (name, authentication) VALUES ('alice', 'certificate');
UPDATE OR REPLACE clients SET name = 'bob' WHERE name = 'cert';
INSERT OR REPLACE INTO clients (name, authentication, username) VALUES ('x', 'certificate', 'alice');

.print -- but the name of a client with a username is free for others to use as username
INSERT INTO clients (name, username, password) VALUES ('x', 'a', '$6$salt$hash');
.print -- until that username goes
UPDATE clients SET authentication = 'certificate', username = NULL WHERE name = 'a';
DELETE FROM clients WHERE name = 'x';

.print -- a name belongs to one client
INSERT INTO clients (name, username, password) VALUES ('a', 'alice', '$6$salt$hash');
UPDATE clients SET name = 'a' WHERE name = 'b';
UPDATE OR REPLACE clients SET name = 'a' WHERE name = 'b';
UPDATE OR IGNORE clients SET name = 'a' WHERE name = 'b';
INSERT OR IGNORE INTO clients (name, username, password) VALUES ('a', 'other', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES ('a', 'other', '$6$salt$hash') ON CONFLICT DO NOTHING;

.print -- case makes a difference
INSERT INTO clients (name, username, password) VALUES ('A', 'Alice', '$6$salt$hash');
DELETE FROM clients WHERE name = 'A';

.print -- after all this nobody is gone and nobody has changed
SELECT name, username FROM clients ORDER BY name;
SELECT client, value FROM client_certificates ORDER BY value;
SELECT value, group_name FROM group_rules ORDER BY value;

.print -- two clients can change usernames by way of a third
UPDATE clients SET username = 'tmp' WHERE name = 'a';
UPDATE clients SET username = 'alice' WHERE name = 'b';
UPDATE clients SET username = 'bob' WHERE name = 'a';
SELECT name, username FROM clients ORDER BY name;
