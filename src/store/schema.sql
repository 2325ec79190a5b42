-- The database of mosquitto-sqlauth, schema version 1. `sqlite3 auth.db < schema.sql` creates it, and so does
-- `sqlauth init`, which also sets owner and mode of the file. docs/schema.md explains every table with examples.
--
-- Written for the bare sqlite3 shell (3.38 or later), in which foreign keys are off: triggers do all the work, in plain
-- SQL. There are no FOREIGN KEY clauses on purpose: where somebody switches them on, INSERT OR REPLACE would cascade as
-- a deletion. The database behaves the same whatever PRAGMA foreign_keys and PRAGMA recursive_triggers say.

-- Only an empty database is taken. The shell goes on after an error, so the COMMIT at the end has to fail when it is
-- not: `required` refers to a row of `empty_database` that this CHECK then kept out. (IF NOT EXISTS below only keeps a
-- second run from printing one error per table.)
PRAGMA foreign_keys = ON;
CREATE TEMP TABLE empty_database (objects INTEGER PRIMARY KEY
	CONSTRAINT "the database is not empty; name a new file" CHECK (objects = 0)) STRICT;
CREATE TEMP TABLE required (objects INTEGER REFERENCES empty_database DEFERRABLE INITIALLY DEFERRED) STRICT;
BEGIN IMMEDIATE;
INSERT INTO temp.required VALUES (0);
INSERT INTO temp.empty_database SELECT count(*) FROM main.sqlite_schema;

-- ---------------------------------------------------------------------------------------------------------- tables
-- WITHOUT ROWID: a hidden rowid would be a second key, by which INSERT OR REPLACE could push out another client or
-- group. The CHECKs only repeat in short what triggers refuse with a better message: they also guard the loading of a
-- dump, in which rows come before triggers.

-- One identity that may connect.
CREATE TABLE IF NOT EXISTS clients (
	name TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
	authentication TEXT NOT NULL DEFAULT 'credentials' CHECK (authentication IN ('credentials', 'certificate')),
	username TEXT,             -- what the client calls itself in CONNECT, unique; required for 'credentials'
	password TEXT,             -- an encoded hash; required for 'credentials'
	mqtt_id TEXT,              -- MQTT client ids it may use: * ? wildcards, %u its username, %% a %; NULL: any
	enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
	disconnect_before INTEGER, -- Unix seconds: connections made at or before it are closed
	description TEXT,
	created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
	updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
	CHECK (authentication <> 'credentials' OR (username IS NOT NULL AND password IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- The certificates of a client. With a rowid: nothing depends on a row, and the integrity_check of SQLite 3.40 takes
-- tables without one for corrupt where the key is not in front.
CREATE TABLE IF NOT EXISTS client_certificates (
	client TEXT NOT NULL,
	match_by TEXT NOT NULL CHECK (match_by IN ('fingerprint', 'subject', 'common_name', 'dns', 'email', 'uri')),
	value TEXT NOT NULL CHECK (value <> ''),
	PRIMARY KEY (match_by, value)
) STRICT;

-- A named list of permissions.
CREATE TABLE IF NOT EXISTS groups (
	name TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
	description TEXT
) STRICT, WITHOUT ROWID;

-- What the members of a group may and may not do. Deny beats allow; what nothing allows is denied.
CREATE TABLE IF NOT EXISTS acl_permissions (
	id INTEGER PRIMARY KEY,
	group_name TEXT NOT NULL,
	permission TEXT NOT NULL DEFAULT 'allow' CHECK (permission IN ('allow', 'deny')),
	action TEXT NOT NULL CHECK (action IN ('publish', 'subscribe')),
	topic TEXT NOT NULL CHECK (topic <> ''), -- a topic filter; %c: the MQTT client id, %u: the username, %%: a %
	UNIQUE (topic, action, permission, group_name)
) STRICT;

-- Which connections are members of a group.
CREATE TABLE IF NOT EXISTS group_rules (
	id INTEGER PRIMARY KEY,
	match_by TEXT NOT NULL CHECK (match_by IN ('client', 'mqtt_id', 'certificate_fingerprint', 'any', 'anonymous')),
	value TEXT NOT NULL DEFAULT '', -- left out for 'any' and 'anonymous' it becomes '*'
	group_name TEXT NOT NULL,
	UNIQUE (match_by, value, group_name)
) STRICT;

-- Internal: a random number per group, drawn anew whenever a permission of the group may have changed, so that compiled
-- permissions can be kept under (group_name, revision). Random and not counted up: an old copy of the database that is
-- restored and edited again would count to the same numbers with other permissions behind them.
CREATE TABLE IF NOT EXISTS group_revisions (
	group_name TEXT NOT NULL PRIMARY KEY,
	revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Internal: see "INSERT OR REPLACE" and "changes" below. Empty, or of no importance, between statements.
CREATE TABLE IF NOT EXISTS set_aside (
	kind TEXT NOT NULL, -- 'client', 'group': the name in a is being inserted again; 'pushed out': see "changes";
	                    -- else what belongs to the client or group
	id INTEGER,
	a TEXT,
	b TEXT,
	c TEXT,
	d TEXT
) STRICT;

-- What was changed, by hand or by a tool, newest last; triggers write it. Never holds a password or its hash. Grows
-- until somebody deletes old entries: sqlauth log trim.
CREATE TABLE IF NOT EXISTS change_log (
	id INTEGER PRIMARY KEY,
	changed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
	operation TEXT NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
	table_name TEXT NOT NULL,
	row_key TEXT NOT NULL,     -- name, id, or match_by and value, as it was before the change
	old_values TEXT,           -- JSON objects: all columns, of an update those that differ
	new_values TEXT
) STRICT;

-- ---------------------------------------------------------------------------------------------------------- indexes

-- The username that the broker shows: no two clients may have the same. That makes usernames unique as well; their own
-- index comes second so that a conflict is reported with its name, "clients.username".
CREATE UNIQUE INDEX IF NOT EXISTS clients_by_visible_username ON clients (coalesce(username, name));
CREATE UNIQUE INDEX IF NOT EXISTS clients_by_username ON clients (username);
CREATE INDEX IF NOT EXISTS clients_by_authentication ON clients (authentication, name, username);
CREATE INDEX IF NOT EXISTS clients_by_disconnect_before ON clients (disconnect_before)
	WHERE disconnect_before IS NOT NULL;
CREATE INDEX IF NOT EXISTS client_certificates_by_client ON client_certificates (client, match_by, value);
CREATE INDEX IF NOT EXISTS acl_permissions_by_group ON acl_permissions (group_name, id);
CREATE INDEX IF NOT EXISTS group_rules_by_group ON group_rules (group_name);

-- The mqtt_id rules with wildcards, by what is certain about the identifiers they match: 'p' and the text before the
-- first wildcard, or, where they begin with a wildcard, 's' and the text after the last one; at most 32 characters of
-- it. An identifier is looked up under each of its beginnings and ends. The query in src/store repeats expression and
-- condition word for word, otherwise SQLite does not use the index.
CREATE INDEX IF NOT EXISTS group_rules_by_pattern ON group_rules (
	CASE WHEN value GLOB '[^*?]*'
		THEN 'p' || substr(substr(value, 1, instr(replace(value, '?', '*'), '*') - 1), 1, 32)
		ELSE 's' || substr(substr(value, 1 + length(rtrim(value, replace(replace(value, '?', ''), '*', '')))), -32)
	END
) WHERE match_by = 'mqtt_id' AND value GLOB '*[*?]*';

-- ----------------------------------------------------------------------------------------------- what a value may be
-- SQLite has no trigger for "insert or update", so each rule about one value is stated once, here, and the tables hand
-- their values over: INSERT INTO check_value VALUES ('topic', NEW.topic) stores nothing; it does nothing, or aborts.
-- length() counts characters and stops at a NUL; bytes are counted in a BLOB.

CREATE VIEW IF NOT EXISTS check_value (kind, value) AS SELECT NULL, NULL WHERE 0;

CREATE TRIGGER IF NOT EXISTS check_kind INSTEAD OF INSERT ON check_value
WHEN coalesce(NEW.kind, '') NOT IN ('name', 'authentication', 'username', 'password', 'mqtt_id', 'enabled',
	'disconnect_before', 'description', 'created_at', 'updated_at', 'permission', 'action', 'topic', 'group_name',
	'client', 'certificate match_by', 'fingerprint', 'subject', 'common_name', 'dns', 'email', 'uri',
	'rule match_by', 'rule client', 'rule mqtt_id', 'certificate_fingerprint', 'any', 'anonymous')
BEGIN
	SELECT RAISE(ABORT, 'kind: must be a column, such as ''topic'', or what a value is matched by, such as ''dns''');
END;

-- What is not UTF-8 can never match: Mosquitto refuses it. Where a character is none, unicode() and char() do not give
-- its bytes back; ASCII need not be looked at one by one.
CREATE TRIGGER IF NOT EXISTS check_text INSTEAD OF INSERT ON check_value
WHEN NEW.kind IN ('name', 'username', 'mqtt_id', 'description', 'topic', 'subject', 'common_name', 'dns', 'email', 'uri',
	'rule mqtt_id') AND NEW.value GLOB '*[^ -~]*'
BEGIN
	SELECT CASE NEW.kind
		WHEN 'name' THEN RAISE(ABORT, 'name: must be text in UTF-8')
		WHEN 'username' THEN RAISE(ABORT, 'username: must be text in UTF-8')
		WHEN 'mqtt_id' THEN RAISE(ABORT, 'mqtt_id: must be text in UTF-8')
		WHEN 'description' THEN RAISE(ABORT, 'description: must be text in UTF-8')
		WHEN 'topic' THEN RAISE(ABORT, 'topic: must be text in UTF-8')
		ELSE RAISE(ABORT, 'value: must be text in UTF-8')
	END
	WHERE EXISTS (
		WITH RECURSIVE rest (text) AS (
			SELECT NEW.value UNION ALL SELECT substr(text, 2) FROM rest WHERE text <> '')
		SELECT 1 FROM rest WHERE text <> '' AND substr(text, 1, 1) <> char(unicode(text)));
END;

CREATE TRIGGER IF NOT EXISTS check_name INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'name'
BEGIN
	SELECT CASE
		WHEN coalesce(NEW.value, '') = '' THEN RAISE(ABORT, 'name: must not be empty')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'name: must not hold a NUL character')
		WHEN NEW.value GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
			THEN RAISE(ABORT, 'name: must not hold control characters')
		WHEN length(NEW.value) > 255 THEN RAISE(ABORT, 'name: is longer than 255 characters')
	END;
END;

CREATE TRIGGER IF NOT EXISTS check_authentication INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'authentication'
BEGIN
	SELECT RAISE(ABORT, 'authentication: must be ''credentials'' or ''certificate''')
	WHERE coalesce(NEW.value, '') NOT IN ('credentials', 'certificate');
END;

CREATE TRIGGER IF NOT EXISTS check_username INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'username'
BEGIN
	SELECT CASE
		WHEN NEW.value = '' THEN RAISE(ABORT, 'username: must not be empty; NULL stands for none')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'username: must not hold a NUL character')
		WHEN NEW.value GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
			THEN RAISE(ABORT, 'username: must not hold control characters')
		WHEN length(CAST(NEW.value AS BLOB)) > 65535 THEN RAISE(ABORT, 'username: is longer than 65,535 bytes')
	END;
END;

-- Knows encoded hashes by their shape; the plugin reads them exactly (include/sqlauth/password.h).
CREATE TRIGGER IF NOT EXISTS check_password INSTEAD OF INSERT ON check_value
WHEN NEW.kind = 'password' AND NEW.value IS NOT NULL
BEGIN
	SELECT RAISE(ABORT, 'password: is not an encoded hash; make one with: sqlauth passwd')
	WHERE instr(NEW.value, char(0)) OR NEW.value GLOB '*[^!-~]*' OR length(NEW.value) > 512 OR NOT (
		NEW.value GLOB '$argon2id$v=19$m=[0-9]*,t=[0-9]*,p=[0-9]*$?*$?*'
		OR NEW.value GLOB '$argon2i$v=19$m=[0-9]*,t=[0-9]*,p=[0-9]*$?*$?*'
		OR NEW.value GLOB '$secret$blake2b$?*$?*'
		OR NEW.value GLOB '$7$[0-9]*$?*$?*'
		OR NEW.value GLOB 'PBKDF2$sha256$[0-9]*$?*$?*'
		OR NEW.value GLOB 'PBKDF2$sha512$[0-9]*$?*$?*'
		OR NEW.value GLOB '$2[aby]$[0-9][0-9]$*' AND length(NEW.value) = 60
		OR NEW.value GLOB '$y$?*$*$?*'
		OR NEW.value GLOB '$5$*$?*'
		OR NEW.value GLOB '$6$*$?*');
END;

CREATE TRIGGER IF NOT EXISTS check_mqtt_id INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'mqtt_id'
BEGIN
	SELECT CASE
		WHEN NEW.value = '' THEN RAISE(ABORT, 'mqtt_id: must not be empty; NULL stands for any')
		WHEN length(CAST(NEW.value AS BLOB)) > 1024 THEN RAISE(ABORT, 'mqtt_id: is longer than 1,024 bytes')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'mqtt_id: must not hold a NUL character')
		WHEN NEW.value GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
			THEN RAISE(ABORT, 'mqtt_id: must not hold control characters')
		WHEN instr(replace(replace(NEW.value, '%%', '-'), '%u', '-'), '%')
			THEN RAISE(ABORT, 'mqtt_id: "%" must be followed by u or %')
	END;
END;

CREATE TRIGGER IF NOT EXISTS check_enabled INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'enabled'
BEGIN
	SELECT RAISE(ABORT, 'enabled: must be 1 or 0') WHERE coalesce(NEW.value, -1) NOT IN (0, 1);
END;

-- Up to the end of the year 9999, which also keeps milliseconds out.
CREATE TRIGGER IF NOT EXISTS check_disconnect_before INSTEAD OF INSERT ON check_value
WHEN NEW.kind = 'disconnect_before'
BEGIN
	SELECT RAISE(ABORT, 'disconnect_before: must be Unix seconds, such as unixepoch(''now'', ''+1 hour''), or NULL')
	WHERE NEW.value NOT BETWEEN 0 AND 253402300799;
END;

CREATE TRIGGER IF NOT EXISTS check_description INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'description'
BEGIN
	SELECT CASE
		WHEN length(CAST(NEW.value AS BLOB)) > 65535 THEN RAISE(ABORT, 'description: is longer than 65,535 bytes')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'description: must not hold a NUL character')
	END;
END;

CREATE TRIGGER IF NOT EXISTS check_created_at INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'created_at'
BEGIN
	SELECT RAISE(ABORT, 'created_at: must look like 2026-11-24T02:30:42Z; leave it out and it keeps itself')
	WHERE NEW.value IS NULL OR NEW.value IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', NEW.value);
END;

CREATE TRIGGER IF NOT EXISTS check_updated_at INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'updated_at'
BEGIN
	SELECT RAISE(ABORT, 'updated_at: must look like 2026-11-24T02:30:42Z; leave it out and it keeps itself')
	WHERE NEW.value IS NULL OR NEW.value IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', NEW.value);
END;

CREATE TRIGGER IF NOT EXISTS check_permission INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'permission'
BEGIN
	SELECT RAISE(ABORT, 'permission: must be ''allow'' or ''deny''')
	WHERE coalesce(NEW.value, '') NOT IN ('allow', 'deny');
END;

CREATE TRIGGER IF NOT EXISTS check_action INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'action'
BEGIN
	SELECT RAISE(ABORT, 'action: must be ''publish'' or ''subscribe''')
	WHERE coalesce(NEW.value, '') NOT IN ('publish', 'subscribe');
END;

-- The words of sqlauth_topic_fault_text (include/sqlauth/topic.h). Of several faults the first in this order is named.
CREATE TRIGGER IF NOT EXISTS check_topic INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'topic'
BEGIN
	SELECT CASE
		WHEN coalesce(NEW.value, '') = '' THEN RAISE(ABORT, 'topic: must not be empty')
		WHEN length(CAST(NEW.value AS BLOB)) > 65535 THEN RAISE(ABORT, 'topic: is longer than 65,535 bytes')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'topic: must not hold a NUL character')
		WHEN NEW.value GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
			THEN RAISE(ABORT, 'topic: must not hold control characters')
		WHEN NEW.value GLOB '*#*/*' THEN RAISE(ABORT, 'topic: "#" must be the last level')
		WHEN NEW.value GLOB '*[^/]#*' THEN RAISE(ABORT, 'topic: "#" must stand alone in its level')
		WHEN NEW.value GLOB '*#?*' THEN RAISE(ABORT, 'topic: "#" must stand alone in its level')
		-- with every slash doubled no two levels share one, so that a single replace() takes out all levels "+"
		WHEN instr(replace('/' || replace(NEW.value, '/', '//') || '/', '/+/', ''), '+')
			THEN RAISE(ABORT, 'topic: "+" must stand alone in its level')
		WHEN instr(replace(replace(replace(NEW.value, '%%', '-'), '%c', '-'), '%u', '-'), '%')
			THEN RAISE(ABORT, 'topic: "%" must be followed by c, u or %')
		WHEN NEW.value GLOB '$share/*'
			THEN RAISE(ABORT, 'topic: must not begin with $share/; write the filter behind $share/GROUP/ alone')
	END;
END;

CREATE TRIGGER IF NOT EXISTS check_group_name INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'group_name'
BEGIN
	SELECT RAISE(ABORT, 'group_name: there is no such group; create it first, in the table groups')
	WHERE NOT EXISTS (SELECT 1 FROM groups WHERE name = NEW.value);
END;

CREATE TRIGGER IF NOT EXISTS check_client INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'client'
BEGIN
	SELECT RAISE(ABORT, 'client: there is no such client; create it first, in the table clients')
	WHERE NOT EXISTS (SELECT 1 FROM clients WHERE name = NEW.value);
END;

-- client_certificates: each match_by is a kind of value.
CREATE TRIGGER IF NOT EXISTS check_certificate INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'certificate match_by'
BEGIN
	SELECT RAISE(ABORT, 'match_by: must be fingerprint, subject, common_name, dns, email or uri')
	WHERE coalesce(NEW.value, '') NOT IN ('fingerprint', 'subject', 'common_name', 'dns', 'email', 'uri');
END;

CREATE TRIGGER IF NOT EXISTS check_certificate_name INSTEAD OF INSERT ON check_value
WHEN NEW.kind IN ('subject', 'common_name', 'dns', 'email', 'uri')
BEGIN
	SELECT CASE
		WHEN coalesce(NEW.value, '') = '' THEN RAISE(ABORT, 'value: must not be empty')
		WHEN length(CAST(NEW.value AS BLOB)) > 4096 THEN RAISE(ABORT, 'value: is longer than 4,096 bytes')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'value: must not hold a NUL character')
		-- openssl's other spellings: /O=x/CN=y, subject=..., CN = y, and O=x, CN=y
		WHEN NEW.kind = 'subject' AND (NEW.value GLOB '/*' OR NEW.value GLOB 'subject=*' OR NEW.value NOT GLOB '?*=*'
			OR substr(NEW.value, 1, instr(NEW.value, '=')) GLOB '* =' OR NEW.value GLOB '*[^\], *')
			THEN RAISE(ABORT, 'value: is not a subject as RFC 2253 writes it, such as CN=pump-7,O=Example')
	END;
END;

-- Any spelling of a SHA-256: 64 digits bare or in pairs with colons, behind nothing, `SHA256:` or openssl's words.
CREATE TRIGGER IF NOT EXISTS check_fingerprint INSTEAD OF INSERT ON check_value
WHEN NEW.kind IN ('fingerprint', 'certificate_fingerprint')
BEGIN
	SELECT RAISE(ABORT,
		'value: is not a SHA-256 fingerprint; openssl x509 -noout -fingerprint -sha256 -in FILE prints one')
	FROM (
		SELECT CASE
			WHEN text GLOB 'SHA256 FINGERPRINT=*' THEN substr(text, 1 + length('SHA256 FINGERPRINT='))
			WHEN text GLOB 'SHA256:*' THEN substr(text, 1 + length('SHA256:'))
			ELSE text END AS digits
		FROM (SELECT upper(trim(coalesce(NEW.value, ''), char(9, 10, 13, 32))) AS text))
	WHERE instr(NEW.value, char(0)) OR NOT (
		digits GLOB replace(hex(zeroblob(32)), '0', '[0-9A-F]')
		OR digits GLOB rtrim(replace(hex(zeroblob(32)), '00', '[0-9A-F][0-9A-F]:'), ':'));
END;

-- group_rules: each match_by is a kind of value, named behind "rule" where it would be taken for another kind.
CREATE TRIGGER IF NOT EXISTS check_rule INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'rule match_by'
BEGIN
	SELECT RAISE(ABORT, 'match_by: must be client, mqtt_id, certificate_fingerprint, any or anonymous')
	WHERE coalesce(NEW.value, '') NOT IN ('client', 'mqtt_id', 'certificate_fingerprint', 'any', 'anonymous');
END;

CREATE TRIGGER IF NOT EXISTS check_rule_client INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'rule client'
BEGIN
	SELECT RAISE(ABORT, 'value: there is no such client; create it first, in the table clients')
	WHERE NOT EXISTS (SELECT 1 FROM clients WHERE name = NEW.value);
END;

CREATE TRIGGER IF NOT EXISTS check_rule_mqtt_id INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'rule mqtt_id'
BEGIN
	SELECT CASE
		WHEN coalesce(NEW.value, '') = ''
			THEN RAISE(ABORT, 'value: must not be empty; ''*'' stands for every MQTT client id')
		WHEN length(CAST(NEW.value AS BLOB)) > 1024 THEN RAISE(ABORT, 'value: is longer than 1,024 bytes')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'value: must not hold a NUL character')
		WHEN NEW.value GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
			THEN RAISE(ABORT, 'value: must not hold control characters')
	END;
END;

CREATE TRIGGER IF NOT EXISTS check_rule_star INSTEAD OF INSERT ON check_value WHEN NEW.kind IN ('any', 'anonymous')
BEGIN
	SELECT RAISE(ABORT, 'value: must be ''*'' where match_by is ''any'' or ''anonymous''')
	WHERE coalesce(NEW.value, '') NOT IN ('', '*');
END;

-- --------------------------------------------------------------------------------------------------------- changes
-- Every table hands its changes over, each column by its name with its old and its new value: INSERT INTO record_change
-- (operation, table_name, row_key, c1, o1, n1) VALUES ('update', 'groups', 'pumps', 'name', OLD.name, NEW.name). An
-- update in which nothing differs is no entry. (SQLite's own functions for JSON would be shorter, but may not be used in
-- a schema where PRAGMA trusted_schema is off.)
--
-- Rows that OR REPLACE pushes out fire no trigger where recursive_triggers is off. So BEFORE triggers hand over what
-- would have to go with the operation 'pushed out', which sets it aside; if it came to that, AFTER triggers record it.
-- Where the pragma is on, the DELETE trigger has recorded it by then, and taken it out of set_aside.

CREATE VIEW IF NOT EXISTS record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3, c4, o4, n4,
	c5, o5, n5, c6, o6, n6, c7, o7, n7, c8, o8, n8) AS
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER IF NOT EXISTS record_change_insert INSTEAD OF INSERT ON record_change
BEGIN
	INSERT INTO set_aside (kind, a, b, c, d) SELECT NEW.operation, NEW.table_name, NEW.row_key,
		CASE WHEN NEW.operation <> 'insert' THEN '{' || group_concat('"' || name || '":' ||
			CASE typeof(old) WHEN 'null' THEN 'null' WHEN 'integer' THEN old ELSE '"' || CASE
				WHEN old NOT GLOB '*[' || char(1) || '-' || char(31) || ']*' THEN replace(replace(old, '\', '\\'), '"', '\"')
				ELSE (WITH RECURSIVE escaped (code, text) AS (
					SELECT 1, replace(replace(old, '\', '\\'), '"', '\"')
					UNION ALL SELECT code + 1, replace(text, char(code), printf('\u%04x', code)) FROM escaped WHERE code < 32)
					SELECT text FROM escaped WHERE code = 32) END || '"' END) || '}' END,
		CASE WHEN NEW.operation IN ('insert', 'update') THEN '{' || group_concat('"' || name || '":' ||
			CASE typeof(new) WHEN 'null' THEN 'null' WHEN 'integer' THEN new ELSE '"' || CASE
				WHEN new NOT GLOB '*[' || char(1) || '-' || char(31) || ']*' THEN replace(replace(new, '\', '\\'), '"', '\"')
				ELSE (WITH RECURSIVE escaped (code, text) AS (
					SELECT 1, replace(replace(new, '\', '\\'), '"', '\"')
					UNION ALL SELECT code + 1, replace(text, char(code), printf('\u%04x', code)) FROM escaped WHERE code < 32)
					SELECT text FROM escaped WHERE code = 32) END || '"' END) || '}' END
	FROM (
		SELECT NEW.c1 AS name, NEW.o1 AS old, NEW.n1 AS new UNION ALL SELECT NEW.c2, NEW.o2, NEW.n2
		UNION ALL SELECT NEW.c3, NEW.o3, NEW.n3 UNION ALL SELECT NEW.c4, NEW.o4, NEW.n4
		UNION ALL SELECT NEW.c5, NEW.o5, NEW.n5 UNION ALL SELECT NEW.c6, NEW.o6, NEW.n6
		UNION ALL SELECT NEW.c7, NEW.o7, NEW.n7 UNION ALL SELECT NEW.c8, NEW.o8, NEW.n8)
	WHERE name IS NOT NULL AND (NEW.operation <> 'update' OR old IS NOT new)
	GROUP BY NEW.table_name;
	INSERT INTO change_log (operation, table_name, row_key, old_values, new_values)
	SELECT kind, a, b, c, d FROM set_aside WHERE kind IN ('insert', 'update', 'delete');
	DELETE FROM set_aside WHERE kind IN ('insert', 'update', 'delete');
END;

CREATE TRIGGER IF NOT EXISTS change_log_before_update BEFORE UPDATE ON change_log
BEGIN
	SELECT RAISE(ABORT, 'change_log: entries are not changed; old ones are deleted with: sqlauth log trim');
END;

-- ---------------------------------------------------------------------------------------------------------- clients
-- BEFORE triggers only look: ON CONFLICT DO NOTHING and DO UPDATE fire them too, for a row that is then not inserted.
-- What they refuse is refused under every conflict clause: OR REPLACE cannot push out another client, OR IGNORE cannot
-- leave out a row that is wrong.

CREATE TRIGGER IF NOT EXISTS clients_before_insert BEFORE INSERT ON clients
BEGIN
	INSERT INTO check_value VALUES ('name', NEW.name), ('authentication', NEW.authentication),
		('username', NEW.username), ('password', NEW.password), ('mqtt_id', NEW.mqtt_id), ('enabled', NEW.enabled),
		('disconnect_before', NEW.disconnect_before), ('description', NEW.description),
		('created_at', NEW.created_at), ('updated_at', NEW.updated_at);
	SELECT RAISE(ABORT, 'username: is required where authentication is ''credentials''')
	WHERE NEW.authentication = 'credentials' AND NEW.username IS NULL;
	SELECT RAISE(ABORT, 'password: is required where authentication is ''credentials''')
	WHERE NEW.authentication = 'credentials' AND NEW.password IS NULL;
	SELECT RAISE(ABORT, 'username: another client is known by it (its username, or its name where it has none)')
	FROM clients WHERE coalesce(username, name) = coalesce(NEW.username, NEW.name) AND name <> NEW.name;
END;

CREATE TRIGGER IF NOT EXISTS clients_before_update BEFORE UPDATE ON clients
BEGIN
	INSERT INTO check_value VALUES ('name', NEW.name), ('authentication', NEW.authentication),
		('username', NEW.username), ('password', NEW.password), ('mqtt_id', NEW.mqtt_id), ('enabled', NEW.enabled),
		('disconnect_before', NEW.disconnect_before), ('description', NEW.description),
		('created_at', NEW.created_at), ('updated_at', NEW.updated_at);
	SELECT RAISE(ABORT, 'username: is required where authentication is ''credentials''')
	WHERE NEW.authentication = 'credentials' AND NEW.username IS NULL;
	SELECT RAISE(ABORT, 'password: is required where authentication is ''credentials''')
	WHERE NEW.authentication = 'credentials' AND NEW.password IS NULL;
	SELECT RAISE(ABORT, 'name: another client has it') FROM clients WHERE name = NEW.name AND name <> OLD.name;
	SELECT RAISE(ABORT, 'username: another client is known by it (its username, or its name where it has none)')
	FROM clients WHERE coalesce(username, name) = coalesce(NEW.username, NEW.name) AND name <> OLD.name;
END;

-- 'now' is the same all through a statement: this comes to an end also where recursive_triggers is on.
CREATE TRIGGER IF NOT EXISTS clients_updated AFTER UPDATE ON clients
WHEN NEW.updated_at <> strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
BEGIN
	UPDATE clients SET updated_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE name = NEW.name;
END;

CREATE TRIGGER IF NOT EXISTS clients_changed AFTER UPDATE
OF name, authentication, username, password, mqtt_id, enabled, disconnect_before, description ON clients
BEGIN
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3, c4, o4, n4,
		c5, o5, n5, c6, o6, n6, c7, o7, n7, c8, o8, n8) VALUES (
		'update', 'clients', OLD.name, 'name', OLD.name, NEW.name,
		'authentication', OLD.authentication, NEW.authentication, 'username', OLD.username, NEW.username,
		'password', CASE WHEN OLD.password IS NOT NULL THEN 'set' END, CASE WHEN NEW.password IS NOT OLD.password AND NEW.password IS NOT NULL THEN 'changed'
				WHEN NEW.password IS NOT NULL THEN 'set' END,
		'mqtt_id', OLD.mqtt_id, NEW.mqtt_id, 'enabled', OLD.enabled, NEW.enabled,
		'disconnect_before', OLD.disconnect_before, NEW.disconnect_before,
		'description', OLD.description, NEW.description);
END;

CREATE TRIGGER IF NOT EXISTS clients_renamed AFTER UPDATE OF name ON clients WHEN NEW.name <> OLD.name
BEGIN
	UPDATE client_certificates SET client = NEW.name WHERE client = OLD.name;
	UPDATE group_rules SET value = NEW.name WHERE match_by = 'client' AND value = OLD.name;
END;

-- INSERT OR REPLACE of a client (or group) that exists keeps what belongs to it. Where recursive_triggers is off that
-- takes nothing. Where it is on, the DELETE triggers run in the middle of it and cannot tell a replacement from a
-- deletion. So they set aside what they delete if an INSERT of the same name has begun, and that INSERT puts it back
-- when it ends. If it never ends (a conflict made it do nothing), what is left in set_aside serves nobody: the next
-- INSERT begins by throwing it away. One entry in change_log takes the place of all that was recorded in between.
CREATE TRIGGER IF NOT EXISTS clients_insert_begins BEFORE INSERT ON clients
BEGIN
	DELETE FROM set_aside;
	INSERT INTO set_aside (kind, id, a) SELECT 'client', (SELECT coalesce(max(id), 0) FROM change_log), name
	FROM clients WHERE name = NEW.name;
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3, c4, o4, n4,
		c5, o5, n5, c6, o6, n6, c7, o7, n7, c8, o8, n8) SELECT
		'pushed out', 'clients', name, 'name', name, NULL, 'authentication', authentication, NULL,
		'username', username, NULL, 'password', CASE WHEN password IS NOT NULL THEN 'set' END, NULL,
		'mqtt_id', mqtt_id, NULL, 'enabled', enabled, NULL, 'disconnect_before', disconnect_before, NULL,
		'description', description, NULL
	FROM clients WHERE name = NEW.name;
END;

CREATE TRIGGER IF NOT EXISTS clients_deleted AFTER DELETE ON clients
BEGIN
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3, c4, o4, n4,
		c5, o5, n5, c6, o6, n6, c7, o7, n7, c8, o8, n8) VALUES (
		'delete', 'clients', OLD.name, 'name', OLD.name, NULL, 'authentication', OLD.authentication, NULL,
		'username', OLD.username, NULL, 'password', CASE WHEN OLD.password IS NOT NULL THEN 'set' END, NULL,
		'mqtt_id', OLD.mqtt_id, NULL, 'enabled', OLD.enabled, NULL,
		'disconnect_before', OLD.disconnect_before, NULL, 'description', OLD.description, NULL);
	INSERT INTO set_aside (kind, a, b) SELECT 'certificate', match_by, value FROM client_certificates
	WHERE client = OLD.name AND EXISTS (SELECT 1 FROM set_aside WHERE kind = 'client' AND a = OLD.name);
	INSERT INTO set_aside (kind, id, a) SELECT 'rule', id, group_name FROM group_rules
	WHERE match_by = 'client' AND value = OLD.name
		AND EXISTS (SELECT 1 FROM set_aside WHERE kind = 'client' AND a = OLD.name);
	DELETE FROM client_certificates WHERE client = OLD.name;
	DELETE FROM group_rules WHERE match_by = 'client' AND value = OLD.name;
END;

CREATE TRIGGER IF NOT EXISTS clients_insert_ends AFTER INSERT ON clients
BEGIN
	INSERT INTO client_certificates (client, match_by, value)
	SELECT NEW.name, a, b FROM set_aside WHERE kind = 'certificate';
	INSERT INTO group_rules (id, match_by, value, group_name)
	SELECT id, 'client', NEW.name, a FROM set_aside WHERE kind = 'rule';
	DELETE FROM change_log WHERE id > (SELECT id FROM set_aside WHERE kind = 'client');
	INSERT INTO change_log (operation, table_name, row_key, old_values)
	SELECT 'delete', a, b, c FROM set_aside WHERE kind = 'pushed out' AND a = 'clients';
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3, c4, o4, n4,
		c5, o5, n5, c6, o6, n6, c7, o7, n7, c8, o8, n8) VALUES (
		'insert', 'clients', NEW.name, 'name', NULL, NEW.name, 'authentication', NULL, NEW.authentication,
		'username', NULL, NEW.username, 'password', NULL, CASE WHEN NEW.password IS NOT NULL THEN 'set' END,
		'mqtt_id', NULL, NEW.mqtt_id, 'enabled', NULL, NEW.enabled,
		'disconnect_before', NULL, NEW.disconnect_before, 'description', NULL, NEW.description);
	DELETE FROM set_aside;
END;

-- --------------------------------------------------------------------------------------------- client_certificates

CREATE TRIGGER IF NOT EXISTS client_certificates_before_insert BEFORE INSERT ON client_certificates
BEGIN
	INSERT INTO check_value VALUES ('client', NEW.client), ('certificate match_by', NEW.match_by),
		(NEW.match_by, NEW.value);
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'client_certificates';
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3) SELECT
		'pushed out', 'client_certificates', match_by || ' ' || value, 'client', client, NULL,
		'match_by', match_by, NULL, 'value', value, NULL
	FROM client_certificates WHERE match_by = NEW.match_by AND value = NEW.value;
END;

CREATE TRIGGER IF NOT EXISTS client_certificates_before_update BEFORE UPDATE ON client_certificates
BEGIN
	INSERT INTO check_value VALUES ('client', NEW.client), ('certificate match_by', NEW.match_by),
		(NEW.match_by, NEW.value);
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'client_certificates';
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3) SELECT
		'pushed out', 'client_certificates', match_by || ' ' || value, 'client', client, NULL,
		'match_by', match_by, NULL, 'value', value, NULL
	FROM client_certificates WHERE match_by = NEW.match_by AND value = NEW.value AND rowid <> OLD.rowid;
END;

-- The normal form of a fingerprint is `SHA256:` and 64 upper-case digits, that of a DNS name lower case. The digits of
-- a checked fingerprint are the last 64 characters that are neither colon nor white space. A trigger's statements
-- follow the conflict clause of the statement that fired it. So a value that is there already in another spelling is an
-- error for INSERT and UPDATE, OR REPLACE takes it over, and where OR IGNORE left the new row as it was written, the
-- statement behind takes that back. What is recorded is the row that came of it; the steps in between are not.
CREATE TRIGGER IF NOT EXISTS client_certificates_inserted AFTER INSERT ON client_certificates
BEGIN
	INSERT INTO change_log (operation, table_name, row_key, old_values)
	SELECT 'delete', a, b, c FROM set_aside WHERE kind = 'pushed out' AND a = 'client_certificates';
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'client_certificates';
	UPDATE client_certificates SET value = CASE match_by
		WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN 'dns' THEN lower(value)
		ELSE value END
	WHERE rowid = NEW.rowid AND value <> CASE match_by
		WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN 'dns' THEN lower(value)
		ELSE value END;
	DELETE FROM client_certificates WHERE rowid = NEW.rowid AND value <> CASE match_by
		WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN 'dns' THEN lower(value)
		ELSE value END;
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3) SELECT
		'insert', 'client_certificates', match_by || ' ' || value, 'client', NULL, client,
		'match_by', NULL, match_by, 'value', NULL, value
	FROM client_certificates WHERE rowid = NEW.rowid;
END;

CREATE TRIGGER IF NOT EXISTS client_certificates_updated AFTER UPDATE ON client_certificates
BEGIN
	INSERT INTO change_log (operation, table_name, row_key, old_values)
	SELECT 'delete', a, b, c FROM set_aside WHERE kind = 'pushed out' AND a = 'client_certificates';
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'client_certificates';
	UPDATE client_certificates SET value = CASE match_by
		WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN 'dns' THEN lower(value)
		ELSE value END
	WHERE rowid = NEW.rowid AND value <> CASE match_by
		WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN 'dns' THEN lower(value)
		ELSE value END;
	UPDATE client_certificates SET client = OLD.client, match_by = OLD.match_by, value = OLD.value
	WHERE rowid = NEW.rowid AND value <> CASE match_by
		WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN 'dns' THEN lower(value)
		ELSE value END;
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3) SELECT
		'update', 'client_certificates', OLD.match_by || ' ' || OLD.value, 'client', OLD.client, client,
		'match_by', OLD.match_by, match_by, 'value', OLD.value, value
	FROM client_certificates WHERE rowid = NEW.rowid AND OLD.value = CASE OLD.match_by
		WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(rtrim(OLD.value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN 'dns' THEN lower(OLD.value)
		ELSE OLD.value END;
END;

CREATE TRIGGER IF NOT EXISTS client_certificates_deleted AFTER DELETE ON client_certificates
WHEN OLD.value = CASE OLD.match_by
	WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(rtrim(OLD.value, char(9, 10, 13, 32)), ':', '')), -64)
	WHEN 'dns' THEN lower(OLD.value)
	ELSE OLD.value END
BEGIN
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3) VALUES (
		'delete', 'client_certificates', OLD.match_by || ' ' || OLD.value, 'client', OLD.client, NULL,
		'match_by', OLD.match_by, NULL, 'value', OLD.value, NULL);
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'client_certificates' AND b = OLD.match_by || ' ' || OLD.value;
END;

-- ----------------------------------------------------------------------------------------------------------- groups

CREATE TRIGGER IF NOT EXISTS groups_before_insert BEFORE INSERT ON groups
BEGIN
	INSERT INTO check_value VALUES ('name', NEW.name), ('description', NEW.description);
END;

CREATE TRIGGER IF NOT EXISTS groups_before_update BEFORE UPDATE ON groups
BEGIN
	INSERT INTO check_value VALUES ('name', NEW.name), ('description', NEW.description);
	SELECT RAISE(ABORT, 'name: another group has it') FROM groups WHERE name = NEW.name AND name <> OLD.name;
END;

CREATE TRIGGER IF NOT EXISTS groups_changed AFTER UPDATE ON groups
BEGIN
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2) VALUES (
		'update', 'groups', OLD.name, 'name', OLD.name, NEW.name,
		'description', OLD.description, NEW.description);
END;

CREATE TRIGGER IF NOT EXISTS groups_renamed AFTER UPDATE OF name ON groups WHEN NEW.name <> OLD.name
BEGIN
	DELETE FROM group_revisions WHERE group_name IN (OLD.name, NEW.name);
	INSERT INTO group_revisions VALUES (NEW.name, random());
	UPDATE acl_permissions SET group_name = NEW.name WHERE group_name = OLD.name;
	UPDATE group_rules SET group_name = NEW.name WHERE group_name = OLD.name;
END;

-- INSERT OR REPLACE, as with clients.
CREATE TRIGGER IF NOT EXISTS groups_insert_begins BEFORE INSERT ON groups
BEGIN
	DELETE FROM set_aside;
	INSERT INTO set_aside (kind, id, a) SELECT 'group', (SELECT coalesce(max(id), 0) FROM change_log), name
	FROM groups WHERE name = NEW.name;
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2) SELECT
		'pushed out', 'groups', name, 'name', name, NULL, 'description', description, NULL
	FROM groups WHERE name = NEW.name;
END;

CREATE TRIGGER IF NOT EXISTS groups_deleted AFTER DELETE ON groups
BEGIN
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2) VALUES (
		'delete', 'groups', OLD.name, 'name', OLD.name, NULL, 'description', OLD.description, NULL);
	INSERT INTO set_aside (kind, id, a, b, c) SELECT 'permission', id, permission, action, topic FROM acl_permissions
	WHERE group_name = OLD.name AND EXISTS (SELECT 1 FROM set_aside WHERE kind = 'group' AND a = OLD.name);
	INSERT INTO set_aside (kind, id, a, b) SELECT 'rule', id, match_by, value FROM group_rules
	WHERE group_name = OLD.name AND EXISTS (SELECT 1 FROM set_aside WHERE kind = 'group' AND a = OLD.name);
	DELETE FROM acl_permissions WHERE group_name = OLD.name;
	DELETE FROM group_rules WHERE group_name = OLD.name;
	DELETE FROM group_revisions WHERE group_name = OLD.name;
END;

CREATE TRIGGER IF NOT EXISTS groups_insert_ends AFTER INSERT ON groups
BEGIN
	DELETE FROM group_revisions WHERE group_name = NEW.name;
	INSERT INTO group_revisions VALUES (NEW.name, random());
	INSERT INTO acl_permissions (id, group_name, permission, action, topic)
	SELECT id, NEW.name, a, b, c FROM set_aside WHERE kind = 'permission';
	INSERT INTO group_rules (id, match_by, value, group_name)
	SELECT id, a, b, NEW.name FROM set_aside WHERE kind = 'rule';
	DELETE FROM change_log WHERE id > (SELECT id FROM set_aside WHERE kind = 'group');
	INSERT INTO change_log (operation, table_name, row_key, old_values)
	SELECT 'delete', a, b, c FROM set_aside WHERE kind = 'pushed out' AND a = 'groups';
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2) VALUES (
		'insert', 'groups', NEW.name, 'name', NULL, NEW.name, 'description', NULL, NEW.description);
	DELETE FROM set_aside;
END;

-- -------------------------------------------------------------------------------------------------- acl_permissions
-- A new revision for every group that gains, loses or changes a permission. OR REPLACE fires no trigger for the row it
-- pushes out: one with the same topic is in the same group anyway, one with the same id may be in another. The revision
-- that the BEFORE triggers draw for that group is drawn in vain where nothing is pushed out, which does no harm.

CREATE TRIGGER IF NOT EXISTS acl_permissions_before_insert BEFORE INSERT ON acl_permissions
BEGIN
	INSERT INTO check_value VALUES ('permission', NEW.permission), ('action', NEW.action), ('topic', NEW.topic),
		('group_name', NEW.group_name);
	UPDATE group_revisions SET revision = random()
	WHERE group_name = (SELECT group_name FROM acl_permissions WHERE id = NEW.id);
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'acl_permissions';
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3, c4, o4, n4) SELECT
		'pushed out', 'acl_permissions', id, 'group_name', group_name, NULL, 'permission', permission, NULL,
		'action', action, NULL, 'topic', topic, NULL
	FROM acl_permissions WHERE id = NEW.id OR topic = NEW.topic AND action = NEW.action AND permission = NEW.permission
		AND group_name = NEW.group_name;
END;

CREATE TRIGGER IF NOT EXISTS acl_permissions_before_update BEFORE UPDATE ON acl_permissions
BEGIN
	INSERT INTO check_value VALUES ('permission', NEW.permission), ('action', NEW.action), ('topic', NEW.topic),
		('group_name', NEW.group_name);
	UPDATE group_revisions SET revision = random()
	WHERE group_name = (SELECT group_name FROM acl_permissions WHERE id = NEW.id);
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'acl_permissions';
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3, c4, o4, n4) SELECT
		'pushed out', 'acl_permissions', id, 'group_name', group_name, NULL, 'permission', permission, NULL,
		'action', action, NULL, 'topic', topic, NULL
	FROM acl_permissions WHERE (id = NEW.id OR topic = NEW.topic AND action = NEW.action AND permission = NEW.permission
		AND group_name = NEW.group_name) AND id <> OLD.id;
END;

CREATE TRIGGER IF NOT EXISTS acl_permissions_inserted AFTER INSERT ON acl_permissions
BEGIN
	INSERT INTO change_log (operation, table_name, row_key, old_values)
	SELECT 'delete', a, b, c FROM set_aside WHERE kind = 'pushed out' AND a = 'acl_permissions';
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'acl_permissions';
	UPDATE group_revisions SET revision = random() WHERE group_name = NEW.group_name;
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3, c4, o4, n4) VALUES (
		'insert', 'acl_permissions', NEW.id, 'group_name', NULL, NEW.group_name,
		'permission', NULL, NEW.permission, 'action', NULL, NEW.action, 'topic', NULL, NEW.topic);
END;

CREATE TRIGGER IF NOT EXISTS acl_permissions_updated AFTER UPDATE ON acl_permissions
BEGIN
	INSERT INTO change_log (operation, table_name, row_key, old_values)
	SELECT 'delete', a, b, c FROM set_aside WHERE kind = 'pushed out' AND a = 'acl_permissions';
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'acl_permissions';
	UPDATE group_revisions SET revision = random() WHERE group_name IN (OLD.group_name, NEW.group_name);
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3, c4, o4, n4) VALUES (
		'update', 'acl_permissions', OLD.id, 'group_name', OLD.group_name, NEW.group_name,
		'permission', OLD.permission, NEW.permission, 'action', OLD.action, NEW.action,
		'topic', OLD.topic, NEW.topic);
END;

CREATE TRIGGER IF NOT EXISTS acl_permissions_deleted AFTER DELETE ON acl_permissions
BEGIN
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3, c4, o4, n4) VALUES (
		'delete', 'acl_permissions', OLD.id, 'group_name', OLD.group_name, NULL,
		'permission', OLD.permission, NULL, 'action', OLD.action, NULL, 'topic', OLD.topic, NULL);
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'acl_permissions' AND b = OLD.id;
	UPDATE group_revisions SET revision = random() WHERE group_name = OLD.group_name;
END;

-- ------------------------------------------------------------------------------------------------------ group_rules

CREATE TRIGGER IF NOT EXISTS group_rules_before_insert BEFORE INSERT ON group_rules
BEGIN
	INSERT INTO check_value VALUES ('rule match_by', NEW.match_by),
		(CASE WHEN NEW.match_by IN ('client', 'mqtt_id') THEN 'rule ' ELSE '' END || NEW.match_by, NEW.value),
		('group_name', NEW.group_name);
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'group_rules';
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3) SELECT
		'pushed out', 'group_rules', id, 'match_by', match_by, NULL, 'value', value, NULL,
		'group_name', group_name, NULL
	FROM group_rules WHERE id = NEW.id OR match_by = NEW.match_by AND value = NEW.value AND group_name = NEW.group_name;
END;

CREATE TRIGGER IF NOT EXISTS group_rules_before_update BEFORE UPDATE ON group_rules
BEGIN
	INSERT INTO check_value VALUES ('rule match_by', NEW.match_by),
		(CASE WHEN NEW.match_by IN ('client', 'mqtt_id') THEN 'rule ' ELSE '' END || NEW.match_by, NEW.value),
		('group_name', NEW.group_name);
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'group_rules';
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3) SELECT
		'pushed out', 'group_rules', id, 'match_by', match_by, NULL, 'value', value, NULL,
		'group_name', group_name, NULL
	FROM group_rules WHERE (id = NEW.id OR match_by = NEW.match_by AND value = NEW.value AND group_name = NEW.group_name) AND id <> OLD.id;
END;

-- The normal form of fingerprints as above; of a value left out, '*'. A rule that is there already in another spelling
-- is not added again, and that is no error: the whole row is the key, so nothing gets lost.
CREATE TRIGGER IF NOT EXISTS group_rules_inserted AFTER INSERT ON group_rules
BEGIN
	INSERT INTO change_log (operation, table_name, row_key, old_values)
	SELECT 'delete', a, b, c FROM set_aside WHERE kind = 'pushed out' AND a = 'group_rules';
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'group_rules';
	UPDATE OR IGNORE group_rules SET value = CASE
		WHEN match_by = 'certificate_fingerprint'
			THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN match_by IN ('any', 'anonymous') THEN '*'
		ELSE value END
	WHERE id = NEW.id AND value <> CASE
		WHEN match_by = 'certificate_fingerprint'
			THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN match_by IN ('any', 'anonymous') THEN '*'
		ELSE value END;
	DELETE FROM group_rules WHERE id = NEW.id AND value <> CASE
		WHEN match_by = 'certificate_fingerprint'
			THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN match_by IN ('any', 'anonymous') THEN '*'
		ELSE value END;
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3) SELECT
		'insert', 'group_rules', id, 'match_by', NULL, match_by, 'value', NULL, value,
		'group_name', NULL, group_name
	FROM group_rules WHERE id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS group_rules_updated AFTER UPDATE ON group_rules
BEGIN
	INSERT INTO change_log (operation, table_name, row_key, old_values)
	SELECT 'delete', a, b, c FROM set_aside WHERE kind = 'pushed out' AND a = 'group_rules';
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'group_rules';
	UPDATE group_rules SET value = CASE
		WHEN match_by = 'certificate_fingerprint'
			THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN match_by IN ('any', 'anonymous') THEN '*'
		ELSE value END
	WHERE id = NEW.id AND value <> CASE
		WHEN match_by = 'certificate_fingerprint'
			THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN match_by IN ('any', 'anonymous') THEN '*'
		ELSE value END;
	UPDATE group_rules SET id = OLD.id, match_by = OLD.match_by, value = OLD.value, group_name = OLD.group_name
	WHERE id = NEW.id AND value <> CASE
		WHEN match_by = 'certificate_fingerprint'
			THEN 'SHA256:' || substr(upper(replace(rtrim(value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN match_by IN ('any', 'anonymous') THEN '*'
		ELSE value END;
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3) SELECT
		'update', 'group_rules', OLD.id, 'match_by', OLD.match_by, match_by, 'value', OLD.value, value,
		'group_name', OLD.group_name, group_name
	FROM group_rules WHERE id = NEW.id AND OLD.value = CASE
		WHEN OLD.match_by = 'certificate_fingerprint'
			THEN 'SHA256:' || substr(upper(replace(rtrim(OLD.value, char(9, 10, 13, 32)), ':', '')), -64)
		WHEN OLD.match_by IN ('any', 'anonymous') THEN '*'
		ELSE OLD.value END;
END;

CREATE TRIGGER IF NOT EXISTS group_rules_deleted AFTER DELETE ON group_rules
WHEN OLD.value = CASE
	WHEN OLD.match_by = 'certificate_fingerprint'
		THEN 'SHA256:' || substr(upper(replace(rtrim(OLD.value, char(9, 10, 13, 32)), ':', '')), -64)
	WHEN OLD.match_by IN ('any', 'anonymous') THEN '*'
	ELSE OLD.value END
BEGIN
	INSERT INTO record_change (operation, table_name, row_key, c1, o1, n1, c2, o2, n2, c3, o3, n3) VALUES (
		'delete', 'group_rules', OLD.id, 'match_by', OLD.match_by, NULL, 'value', OLD.value, NULL,
		'group_name', OLD.group_name, NULL);
	DELETE FROM set_aside WHERE kind = 'pushed out' AND a = 'group_rules' AND b = OLD.id;
END;

-- ------------------------------------------------------------------------------------------------------------ views

-- Who there is, with the groups that rules by client name and 'any' give, whatever else a connection shows.
CREATE VIEW IF NOT EXISTS client_list (name, authentication, username, groups, certificates, enabled) AS
SELECT name, authentication, username,
	(SELECT group_concat(group_name, ', ') FROM (
		SELECT group_name FROM group_rules WHERE match_by = 'client' AND value = clients.name
		UNION
		SELECT group_name FROM group_rules WHERE match_by = 'any' AND value = '*'
		ORDER BY group_name)),
	(SELECT count(*) FROM client_certificates WHERE client = clients.name),
	enabled
FROM clients;

-- What a client may do by those same groups.
CREATE VIEW IF NOT EXISTS effective_permissions (client, group_name, permission, action, topic) AS
SELECT clients.name, acl_permissions.group_name, permission, action, topic
FROM clients CROSS JOIN acl_permissions
WHERE acl_permissions.group_name IN (
	SELECT group_rules.group_name FROM group_rules WHERE match_by = 'client' AND value = clients.name
	UNION
	SELECT group_rules.group_name FROM group_rules WHERE match_by = 'any' AND value = '*');

-- -------------------------------------------------------------------------------------------------- whose this is
-- Comes last, so that nothing takes a half-made database for a whole one.

CREATE TABLE IF NOT EXISTS schema_info (
	key TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO schema_info VALUES ('application', 'mosquitto-sqlauth'), ('schema_version', '1');
PRAGMA application_id = 1397836865; -- 0x53514c41, "SQLA"
PRAGMA user_version = 1;
COMMIT;

-- Prints "wal". A refused COMMIT left its transaction open, in which the journal mode cannot be changed, until here.
PRAGMA journal_mode = WAL;
INSERT OR ROLLBACK INTO temp.empty_database
SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM temp.empty_database);
DROP TABLE IF EXISTS temp.required;
DROP TABLE IF EXISTS temp.empty_database;
PRAGMA foreign_keys = OFF;
