.print -- a client needs a name, a username and an encoded hash, and gets defaults for the rest
INSERT INTO clients (name, username, password) VALUES ('pump-7', 'pump7', '$6$salt$hash');
SELECT name, authentication, username, password, quote(mqtt_id), enabled, quote(disconnect_before), quote(description)
FROM clients;

.print -- a number becomes text and keeps its zeros where it is text already
INSERT INTO clients (name, username, password) VALUES ('007', '0042', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES (12, 34, '$6$salt$hash');
SELECT name, typeof(name), username, typeof(username) FROM clients WHERE name IN ('007', '12') ORDER BY name;
DELETE FROM clients WHERE name IN ('007', '12');

.print -- names are refused
INSERT INTO clients (username, password) VALUES ('x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES (NULL, 'x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES ('', 'x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES ('a' || char(0) || 'b', 'x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES (char(0), 'x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES ('a' || char(10) || 'b', 'x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES (char(1), 'x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES ('a' || char(31), 'x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES ('a' || char(127), 'x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES ('a' || char(159), 'x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES (printf('%.256c', 'n'), 'x', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES (x'6162', 'x', '$6$salt$hash');
UPDATE clients SET name = '';
UPDATE clients SET name = NULL;
UPDATE clients SET name = 'a' || char(9);
UPDATE clients SET name = 'a' || CAST(x'ff' AS TEXT);

.print -- names are accepted
INSERT INTO clients (name, username, password) VALUES (printf('%.255c', 'n'), 'u1', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES (replace(printf('%.255c', 'n'), 'n', char(128512)), 'u2', '$6$salt$hash');
INSERT INTO clients (name, username, password) VALUES (' ~' || char(160) || '*?[]%_''"\', 'u3', '$6$salt$hash');
SELECT length(name), name LIKE '_~%' FROM clients WHERE username IN ('u1', 'u2', 'u3') ORDER BY username;
DELETE FROM clients WHERE username IN ('u1', 'u2', 'u3');

.print -- authentication is refused
INSERT INTO clients (name, authentication, username, password) VALUES ('a', 'password', 'x', '$6$salt$hash');
INSERT INTO clients (name, authentication, username, password) VALUES ('a', 'Credentials', 'x', '$6$salt$hash');
INSERT INTO clients (name, authentication, username, password) VALUES ('a', NULL, 'x', '$6$salt$hash');
UPDATE clients SET authentication = 'none';
UPDATE OR REPLACE clients SET authentication = NULL;

.print -- credentials need username and password
INSERT INTO clients (name) VALUES ('a');
INSERT INTO clients (name, password) VALUES ('a', '$6$salt$hash');
INSERT INTO clients (name, username) VALUES ('a', 'a');
UPDATE clients SET username = NULL;
UPDATE clients SET password = NULL;
INSERT INTO clients (name, authentication) VALUES ('cert', 'certificate');
UPDATE clients SET authentication = 'credentials' WHERE name = 'cert';
UPDATE clients SET authentication = 'credentials', username = 'cert' WHERE name = 'cert';

.print -- a certificate client may have both, one or none
UPDATE clients SET username = 'cert-user', password = '$6$salt$hash' WHERE name = 'cert';
UPDATE clients SET authentication = 'credentials' WHERE name = 'cert';
SELECT authentication, username FROM clients WHERE name = 'cert';
DELETE FROM clients WHERE name = 'cert';

.print -- usernames are refused
UPDATE clients SET username = '';
UPDATE clients SET username = 'a' || char(0);
UPDATE clients SET username = 'a' || char(13);
UPDATE clients SET username = 'a' || char(133);
UPDATE clients SET username = printf('%.65536c', 'u');
UPDATE clients SET username = replace(printf('%.32768c', 'u'), 'u', 'ü');
UPDATE clients SET username = x'6162';

.print -- nor may usernames be anything but UTF-8: stray, cut, overlong, too high, a surrogate
UPDATE clients SET username = CAST(x'61ff' AS TEXT);
UPDATE clients SET username = CAST(x'a0' AS TEXT);
UPDATE clients SET username = CAST(x'61c3' AS TEXT);
UPDATE clients SET username = CAST(x'c1a1' AS TEXT);
UPDATE clients SET username = CAST(x'e09fbf' AS TEXT);
UPDATE clients SET username = CAST(x'f4908080' AS TEXT);
UPDATE clients SET username = CAST(x'eda080' AS TEXT);

.print -- usernames are accepted, also those that no %u can stand for
UPDATE clients SET username = printf('%.65535c', 'u');
UPDATE clients SET username = 'site/+/#';
UPDATE clients SET username = 'ü' || char(160, 2047, 2048, 65533, 65536, 1114109);
UPDATE clients SET username = 'pump7';

.print -- plain text and what only looks like a hash is no password
UPDATE clients SET password = 'secret';
UPDATE clients SET password = '';
UPDATE clients SET password = '$';
UPDATE clients SET password = '$argon2id$';
UPDATE clients SET password = '$argon2id$v=16$m=65536,t=2,p=1$c2FsdA$aGFzaA';
UPDATE clients SET password = '$argon2d$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA';
UPDATE clients SET password = '$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$';
UPDATE clients SET password = '$argon2id$v=19$m=65536,t=2,p=1$c2FsdA';
UPDATE clients SET password = '$secret$c2FsdA$aGFzaA';
UPDATE clients SET password = '$secret$blake2b$c2FsdA';
UPDATE clients SET password = '$7$salt$hash';
UPDATE clients SET password = '$7$101$salt';
UPDATE clients SET password = '$6$salt';
UPDATE clients SET password = '$6$salt$';
UPDATE clients SET password = '$5$salt';
UPDATE clients SET password = '$1$salt$hash';
UPDATE clients SET password = '$2b$12$tooshort';
UPDATE clients SET password = '$2x$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW';
UPDATE clients SET password = '$y$j9T$salt';
UPDATE clients SET password = 'PBKDF2$sha1$1000$salt$hash';
UPDATE clients SET password = 'PBKDF2$sha256$many$salt$hash';
UPDATE clients SET password = 'PBKDF2$sha256$1000$salt';
UPDATE clients SET password = 'pbkdf2$sha256$1000$salt$hash';
UPDATE clients SET password = ' $6$salt$hash';
UPDATE clients SET password = '$6$salt$hash' || char(10);
UPDATE clients SET password = '$6$salt$hash' || char(0);
UPDATE clients SET password = '$6$salt$hä';
UPDATE clients SET password = '$6$salt$' || printf('%.505c', 'h');
UPDATE clients SET password = x'243624';
UPDATE clients SET password = CAST('$6$salt$hash' AS BLOB);
INSERT OR IGNORE INTO clients (name, username, password) VALUES ('b', 'b', 'secret');
INSERT OR REPLACE INTO clients (name, username, password) VALUES ('pump-7', 'pump7', 'secret');
INSERT INTO clients (name, username, password) VALUES ('pump-7', 'pump7', 'secret') ON CONFLICT DO NOTHING;
SELECT password FROM clients;

.print -- every form of encoded hash is accepted
UPDATE clients SET password = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ';
UPDATE clients SET password = '$argon2i$v=19$m=4096,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ';
UPDATE clients SET password = '$secret$blake2b$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ';
UPDATE clients SET password = '$7$101$gcuBFpSRKqKXeFcj$xIIWcMcnyNEjWVIlSQPdzF9TQkSwgKHr4kDcGz7dpFhpJBWEhwbb/5OGlA==';
UPDATE clients SET password = '$6$2gXUTZVqMlYFyr2k$2rJXAzpYyQC4CQ9BQHQLvPDdbHyPPWhT9GQwqyQuDHqh0vFHO9m2Qz3RB0w==';
UPDATE clients SET password = 'PBKDF2$sha256$901$8ebTR72Pcmjl3cYq$SCVHHfqn9t6Ev9sE6RMTeF3pawvtGqTu';
UPDATE clients SET password = 'PBKDF2$sha512$100000$os24lcPr9cJt2QDVWssblQ==$BK1BQ2wbwU1zNxv3Ml3wLuu5//hPop3/LvaPYjjCwdBvnpwusnukJPpcXQzyyjOlZdieXTx6sXAcX4WnZRZZnw==';
UPDATE clients SET password = '$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW';
UPDATE clients SET password = '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW';
UPDATE clients SET password = '$2y$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW';
UPDATE clients SET password = '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7';
UPDATE clients SET password = '$5$rounds=5000$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8';
UPDATE clients SET password = '$6$rounds=5000$salt$hash';
UPDATE clients SET password = '$6$$hash';
UPDATE clients SET password = '$6$salt$' || printf('%.504c', 'h');
SELECT length(password) FROM clients;

.print -- mqtt_id is refused
UPDATE clients SET mqtt_id = '';
UPDATE clients SET mqtt_id = 'a' || char(0);
UPDATE clients SET mqtt_id = '%';
UPDATE clients SET mqtt_id = '%c';
UPDATE clients SET mqtt_id = '%u%';
UPDATE clients SET mqtt_id = '%%%';
UPDATE clients SET mqtt_id = 'a%%%c';
UPDATE clients SET mqtt_id = '100% a';
UPDATE clients SET mqtt_id = printf('%.1025c', 'm');
UPDATE clients SET mqtt_id = replace(printf('%.513c', 'm'), 'm', 'ü');
UPDATE clients SET mqtt_id = 'a' || char(1) || '*';
UPDATE clients SET mqtt_id = CAST(x'aa2a' AS TEXT);

.print -- mqtt_id is accepted
UPDATE clients SET mqtt_id = '%u';
UPDATE clients SET mqtt_id = '%u-*-?';
UPDATE clients SET mqtt_id = '%%%u%%u%%';
UPDATE clients SET mqtt_id = printf('%.1024c', 'm');
UPDATE clients SET mqtt_id = NULL;

.print -- enabled is refused
UPDATE clients SET enabled = 2;
UPDATE clients SET enabled = -1;
UPDATE clients SET enabled = NULL;
UPDATE clients SET enabled = 'yes';
UPDATE clients SET enabled = 0.5;
UPDATE clients SET enabled = x'01';
INSERT OR IGNORE INTO clients (name, username, password, enabled) VALUES ('b', 'b', '$6$salt$hash', 'yes');

.print -- enabled is accepted, as text too
UPDATE clients SET enabled = 0;
UPDATE clients SET enabled = true;
UPDATE clients SET enabled = '1';
SELECT enabled, typeof(enabled) FROM clients;

.print -- disconnect_before is refused
UPDATE clients SET disconnect_before = -1;
UPDATE clients SET disconnect_before = 253402300800;
UPDATE clients SET disconnect_before = 1764000000000;
UPDATE clients SET disconnect_before = '2026-11-24T02:30:42Z';
UPDATE clients SET disconnect_before = 1.5;
UPDATE clients SET disconnect_before = x'01';

.print -- disconnect_before is accepted
UPDATE clients SET disconnect_before = 0;
UPDATE clients SET disconnect_before = 253402300799;
UPDATE clients SET disconnect_before = unixepoch();
UPDATE clients SET disconnect_before = NULL;

.print -- a description is free text with a bound
UPDATE clients SET description = printf('%.65536c', 'd');
UPDATE clients SET description = 'a' || char(0);
UPDATE clients SET description = CAST(x'fe' AS TEXT);
UPDATE clients SET description = x'61';
UPDATE clients SET description = printf('%.65535c', 'd');
UPDATE clients SET description = 'two' || char(10) || 'lines';
UPDATE clients SET description = '';
UPDATE clients SET description = NULL;

.print -- without triggers, as in the loading of a dump, the table keeps its types by itself
SAVEPOINT dump;
DROP TRIGGER clients_before_update;
DROP TRIGGER clients_changed;
UPDATE clients SET enabled = 'yes';
UPDATE clients SET enabled = 0.5;
UPDATE clients SET disconnect_before = '2026-11-24';
UPDATE clients SET username = x'61';
UPDATE clients SET description = x'61';
ROLLBACK TO dump;
RELEASE dump;

.print -- a value can be judged before it is stored; what it is must be known
INSERT INTO check_value VALUES ('topic', 'a/+/#');
INSERT INTO check_value VALUES ('topic', 'a#');
INSERT INTO check_value VALUES ('nonsense', 'a#');
INSERT INTO check_value VALUES (NULL, 'a#');

.print -- of all that was refused nothing was kept
SELECT count(*), name, username FROM clients;
