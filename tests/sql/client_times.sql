.print -- both times are set when a client is inserted
INSERT INTO clients (name, username, password) VALUES ('a', 'a', '$6$salt$hash');
SELECT created_at = updated_at, created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z',
	unixepoch() - unixepoch(created_at) BETWEEN 0 AND 60 FROM clients;

.print -- times of another database may be brought along
INSERT INTO clients (name, username, password, created_at, updated_at)
VALUES ('b', 'b', '$6$salt$hash', '2001-02-03T04:05:06Z', '2002-03-04T05:06:07Z');
SELECT created_at, updated_at FROM clients WHERE name = 'b';

.print -- every update of a row sets updated_at and leaves created_at alone
UPDATE clients SET description = 'new' WHERE name = 'b';
SELECT created_at, unixepoch() - unixepoch(updated_at) BETWEEN 0 AND 60 FROM clients WHERE name = 'b';

.print -- an update by rename, by upsert and by writing updated_at itself too
INSERT OR REPLACE INTO clients (name, username, password, updated_at)
VALUES ('b', 'b', '$6$salt$hash', '2002-03-04T05:06:07Z');
UPDATE clients SET name = 'c' WHERE name = 'b';
SELECT name, unixepoch() - unixepoch(updated_at) BETWEEN 0 AND 60 FROM clients WHERE name = 'c';
INSERT OR REPLACE INTO clients (name, username, password, updated_at)
VALUES ('c', 'b', '$6$salt$hash', '2002-03-04T05:06:07Z');
INSERT INTO clients (name, username, password) VALUES ('c', 'b', '$6$salt$hash')
ON CONFLICT (name) DO UPDATE SET password = excluded.password;
SELECT name, unixepoch() - unixepoch(updated_at) BETWEEN 0 AND 60 FROM clients WHERE name = 'c';
UPDATE clients SET updated_at = '2002-03-04T05:06:07Z';
SELECT name, unixepoch() - unixepoch(updated_at) BETWEEN 0 AND 60 FROM clients ORDER BY name;

.print -- no other format gets in
UPDATE clients SET updated_at = 'yesterday';
UPDATE clients SET updated_at = NULL;
UPDATE clients SET created_at = '2026-11-24 02:30:42';
UPDATE clients SET created_at = '2026-11-24T02:30:42';
UPDATE clients SET created_at = '2026-11-24';
UPDATE clients SET created_at = '2026-13-24T02:30:42Z';
UPDATE clients SET created_at = 'now';
UPDATE clients SET created_at = 1764000000;
UPDATE clients SET created_at = NULL;
INSERT INTO clients (name, username, password, created_at) VALUES ('d', 'd', '$6$salt$hash', '');
INSERT INTO clients (name, username, password, updated_at) VALUES ('d', 'd', '$6$salt$hash', '24.11.2026');
UPDATE clients SET created_at = '2026-11-24T02:30:42Z' WHERE name = 'a';
SELECT created_at FROM clients WHERE name = 'a';

.print -- changes() counts the rows that were asked for
UPDATE clients SET description = 'x';
SELECT changes();
