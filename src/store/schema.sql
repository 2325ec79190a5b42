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
-- WITHOUT ROWID: a hidden rowid would be a second key by which INSERT OR REPLACE could push out another row. The CHECKs
-- only repeat in short what the triggers refuse with a better message: they also guard the loading of a dump, in which
-- rows come before triggers.

-- One identity that may connect.
CREATE TABLE IF NOT EXISTS clients (
	name TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
	authentication TEXT NOT NULL DEFAULT 'credentials' CHECK (authentication IN ('credentials', 'certificate')),
	username TEXT UNIQUE,      -- what the client calls itself in CONNECT; required for 'credentials'
	password TEXT,             -- an encoded hash; required for 'credentials'
	mqtt_id TEXT,              -- MQTT client ids it may use: * ? wildcards, %u its username, %% a %; NULL: any
	enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
	disconnect_before INTEGER, -- Unix seconds: connections made at or before it are closed
	description TEXT,
	created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
	updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
	CHECK (authentication <> 'credentials' OR (username IS NOT NULL AND password IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- The certificates of a client.
CREATE TABLE IF NOT EXISTS client_certificates (
	client TEXT NOT NULL,
	match_by TEXT NOT NULL CHECK (match_by IN ('fingerprint', 'subject', 'common_name', 'dns', 'email', 'uri')),
	value TEXT NOT NULL CHECK (value <> ''),
	PRIMARY KEY (match_by, value)
) STRICT, WITHOUT ROWID;

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
	topic TEXT NOT NULL CHECK (topic <> ''), -- a topic filter; %c the MQTT client id, %u the username, %% a percent sign
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

-- Internal: see "INSERT OR REPLACE" below. Empty, or of no importance, between statements.
CREATE TABLE IF NOT EXISTS set_aside (
	kind TEXT NOT NULL, -- 'client', 'group': the name in a is being inserted again; else what belongs to it
	id INTEGER,
	a TEXT,
	b TEXT,
	c TEXT
) STRICT;

-- ---------------------------------------------------------------------------------------------------------- indexes

-- The username that the broker shows: no two clients may have the same.
CREATE UNIQUE INDEX IF NOT EXISTS clients_by_visible_username ON clients (coalesce(username, name));
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
-- SQLite has no trigger for "insert or update", so each rule about one value is stated once, here, and tables hand their
-- values over: INSERT INTO check_value VALUES ('topic', NEW.topic) stores nothing; it does nothing or aborts.
-- length() stops at a NUL character and counts characters: bytes are counted in a BLOB.

CREATE VIEW IF NOT EXISTS check_value (kind, value) AS SELECT NULL, NULL WHERE 0;

CREATE TRIGGER IF NOT EXISTS check_name INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'name'
BEGIN
	SELECT CASE
		WHEN NEW.value IS NULL OR NEW.value = '' THEN RAISE(ABORT, 'name: must not be empty')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'name: must not hold a NUL character')
		WHEN NEW.value GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
			THEN RAISE(ABORT, 'name: must not hold control characters')
		WHEN length(NEW.value) > 255 THEN RAISE(ABORT, 'name: is longer than 255 characters')
	END;
END;

CREATE TRIGGER IF NOT EXISTS check_username INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'username'
BEGIN
	SELECT CASE
		WHEN NEW.value = '' THEN RAISE(ABORT, 'username: must not be empty; use NULL for none')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'username: must not hold a NUL character')
		WHEN NEW.value GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
			THEN RAISE(ABORT, 'username: must not hold control characters')
		WHEN length(CAST(NEW.value AS BLOB)) > 65535 THEN RAISE(ABORT, 'username: is longer than 65,535 bytes')
	END;
END;

-- Recognises encoded hashes by their shape; the plugin reads them exactly (include/sqlauth/password.h).
CREATE TRIGGER IF NOT EXISTS check_password INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'password'
BEGIN
	SELECT CASE
		WHEN NEW.value IS NULL THEN NULL
		WHEN length(CAST(NEW.value AS BLOB)) > 512 THEN RAISE(ABORT, 'password: is longer than 512 bytes')
		WHEN instr(NEW.value, char(0)) OR NEW.value GLOB '*[^!-~]*' OR NOT (
			NEW.value GLOB '$argon2id$v=19$m=[0-9]*,t=[0-9]*,p=[0-9]*$?*$?*'
			OR NEW.value GLOB '$argon2i$v=19$m=[0-9]*,t=[0-9]*,p=[0-9]*$?*$?*'
			OR NEW.value GLOB '$secret$blake2b$?*$?*'
			OR NEW.value GLOB '$7$[0-9]*$?*$?*'
			OR NEW.value GLOB 'PBKDF2$sha256$[0-9]*$?*$?*'
			OR NEW.value GLOB 'PBKDF2$sha512$[0-9]*$?*$?*'
			OR NEW.value GLOB '$2[aby]$[0-9][0-9]$*' AND length(NEW.value) = 60
			OR NEW.value GLOB '$y$?*$*$?*'
			OR NEW.value GLOB '$5$*$?*'
			OR NEW.value GLOB '$6$*$?*')
			THEN RAISE(ABORT, 'password: is not an encoded hash; make one with: sqlauth passwd')
	END;
END;

CREATE TRIGGER IF NOT EXISTS check_mqtt_id INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'mqtt_id'
BEGIN
	SELECT CASE
		WHEN NEW.value = '' THEN RAISE(ABORT, 'mqtt_id: must not be empty; use NULL for any')
		WHEN length(CAST(NEW.value AS BLOB)) > 1024 THEN RAISE(ABORT, 'mqtt_id: is longer than 1,024 bytes')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'mqtt_id: must not hold a NUL character')
		WHEN instr(replace(replace(NEW.value, '%%', '-'), '%u', '-'), '%')
			THEN RAISE(ABORT, 'mqtt_id: "%" must be followed by u or %')
	END;
END;

CREATE TRIGGER IF NOT EXISTS check_description INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'description'
BEGIN
	SELECT CASE
		WHEN length(CAST(NEW.value AS BLOB)) > 65535 THEN RAISE(ABORT, 'description: is longer than 65,535 bytes')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'description: must not hold a NUL character')
	END;
END;

-- The words of sqlauth_topic_fault_text (include/sqlauth/topic.h). Of several faults the first in this order is named.
CREATE TRIGGER IF NOT EXISTS check_topic INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'topic'
BEGIN
	SELECT CASE
		WHEN NEW.value IS NULL OR NEW.value = '' THEN RAISE(ABORT, 'topic: must not be empty')
		WHEN length(CAST(NEW.value AS BLOB)) > 65535 THEN RAISE(ABORT, 'topic: is longer than 65,535 bytes')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'topic: must not hold a NUL character')
		WHEN NEW.value GLOB '*#*/*' THEN RAISE(ABORT, 'topic: "#" must be the last level')
		WHEN NEW.value GLOB '*[^/]#*' OR NEW.value GLOB '*#?*'
			THEN RAISE(ABORT, 'topic: "#" must stand alone in its level')
		-- with every slash doubled no two levels share one, so that one replace() takes out all levels that are "+"
		WHEN instr(replace('/' || replace(NEW.value, '/', '//') || '/', '/+/', ''), '+')
			THEN RAISE(ABORT, 'topic: "+" must stand alone in its level')
		WHEN instr(replace(replace(replace(NEW.value, '%%', '-'), '%c', '-'), '%u', '-'), '%')
			THEN RAISE(ABORT, 'topic: "%" must be followed by c, u or %')
		WHEN NEW.value GLOB '$share/*'
			THEN RAISE(ABORT, 'topic: must not begin with $share/; write only the filter behind $share/GROUP/')
	END;
END;

-- Any spelling of a SHA-256 fingerprint: bare or in pairs with colons, alone or behind `SHA256:` or openssl's words.
CREATE TRIGGER IF NOT EXISTS check_fingerprint INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'fingerprint'
BEGIN
	SELECT RAISE(ABORT,
		'value: is not a SHA-256 fingerprint; openssl x509 -noout -fingerprint -sha256 -in FILE prints one')
	FROM (SELECT upper(trim(NEW.value, char(9, 10, 13, 32))) AS text)
	JOIN (SELECT 'SHA256 FINGERPRINT=' AS word UNION ALL SELECT 'SHA256:' UNION ALL SELECT '')
		ON substr(text, 1, length(word)) = word
	WHERE instr(NEW.value, char(0)) OR NOT EXISTS (
		SELECT 1 FROM (SELECT substr(text, 1 + length(word)) AS pairs)
		WHERE length(replace(pairs, ':', '')) = 64 AND pairs NOT GLOB '*[^0-9A-F:]*'
			AND (length(pairs) = 64 OR length(pairs) = 95 AND pairs NOT GLOB '*[^:][^:][^:]*'))
	ORDER BY length(word) DESC LIMIT 1;
END;

CREATE TRIGGER IF NOT EXISTS check_certificate_name INSTEAD OF INSERT ON check_value
WHEN NEW.kind IN ('subject', 'common_name', 'dns', 'email', 'uri')
BEGIN
	SELECT CASE
		WHEN NEW.value = '' THEN RAISE(ABORT, 'value: must not be empty')
		WHEN length(CAST(NEW.value AS BLOB)) > 4096 THEN RAISE(ABORT, 'value: is longer than 4,096 bytes')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'value: must not hold a NUL character')
		WHEN NEW.kind = 'subject' AND (NEW.value GLOB '/*' OR NEW.value GLOB 'subject=*')
			THEN RAISE(ABORT, 'value: is not a subject as RFC 2253 writes it, such as CN=pump-7,O=Example')
	END;
END;

CREATE TRIGGER IF NOT EXISTS check_mqtt_id_rule INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'mqtt_id rule'
BEGIN
	SELECT CASE
		WHEN NEW.value = '' THEN RAISE(ABORT, 'value: must not be empty; "*" stands for every MQTT client id')
		WHEN length(CAST(NEW.value AS BLOB)) > 1024 THEN RAISE(ABORT, 'value: is longer than 1,024 bytes')
		WHEN instr(NEW.value, char(0)) THEN RAISE(ABORT, 'value: must not hold a NUL character')
	END;
END;

CREATE TRIGGER IF NOT EXISTS check_client INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'client'
BEGIN
	SELECT RAISE(ABORT, 'value: there is no client of this name')
	WHERE NOT EXISTS (SELECT 1 FROM clients WHERE name = NEW.value);
END;

CREATE TRIGGER IF NOT EXISTS check_group INSTEAD OF INSERT ON check_value WHEN NEW.kind = 'group'
BEGIN
	SELECT RAISE(ABORT, 'group_name: there is no group of this name; create it first')
	WHERE NOT EXISTS (SELECT 1 FROM groups WHERE name = NEW.value);
END;

-- ---------------------------------------------------------------------------------------------------------- clients
-- BEFORE triggers only look: ON CONFLICT DO NOTHING and DO UPDATE fire them too, for a row that is then not inserted.

-- The columns that one client has for itself.
CREATE VIEW IF NOT EXISTS check_client_row AS SELECT * FROM clients WHERE 0;

CREATE TRIGGER IF NOT EXISTS check_client_row_values INSTEAD OF INSERT ON check_client_row
BEGIN
	INSERT INTO check_value VALUES ('name', NEW.name), ('username', NEW.username), ('password', NEW.password),
		('mqtt_id', NEW.mqtt_id), ('description', NEW.description);
	SELECT CASE
		WHEN NEW.authentication IS NULL OR NEW.authentication NOT IN ('credentials', 'certificate')
			THEN RAISE(ABORT, 'authentication: must be ''credentials'' or ''certificate''')
		WHEN NEW.authentication = 'credentials' AND NEW.username IS NULL
			THEN RAISE(ABORT, 'username: is required where authentication is ''credentials''')
		WHEN NEW.authentication = 'credentials' AND NEW.password IS NULL
			THEN RAISE(ABORT, 'password: is required where authentication is ''credentials''')
		WHEN NEW.enabled IS NULL OR NEW.enabled NOT IN (0, 1) THEN RAISE(ABORT, 'enabled: must be 1 or 0')
		WHEN NEW.disconnect_before NOT BETWEEN 0 AND 253402300799
			THEN RAISE(ABORT, 'disconnect_before: must be Unix seconds, such as unixepoch(), or NULL')
		WHEN NEW.created_at IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', NEW.created_at)
			THEN RAISE(ABORT, 'created_at: must look like 2026-11-24T02:30:42Z; left out it keeps itself')
		WHEN NEW.updated_at IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', NEW.updated_at)
			THEN RAISE(ABORT, 'updated_at: must look like 2026-11-24T02:30:42Z; left out it keeps itself')
	END;
END;

CREATE TRIGGER IF NOT EXISTS clients_before_insert BEFORE INSERT ON clients
BEGIN
	INSERT INTO check_client_row VALUES (NEW.name, NEW.authentication, NEW.username, NEW.password, NEW.mqtt_id,
		NEW.enabled, NEW.disconnect_before, NEW.description, NEW.created_at, NEW.updated_at);
	SELECT RAISE(ABORT, 'username: another client is known by it (its username, or its name where it has none)')
	FROM clients WHERE coalesce(username, name) = coalesce(NEW.username, NEW.name) AND name <> NEW.name;
END;

CREATE TRIGGER IF NOT EXISTS clients_before_update BEFORE UPDATE ON clients
BEGIN
	INSERT INTO check_client_row VALUES (NEW.name, NEW.authentication, NEW.username, NEW.password, NEW.mqtt_id,
		NEW.enabled, NEW.disconnect_before, NEW.description, NEW.created_at, NEW.updated_at);
	SELECT RAISE(ABORT, 'name: another client has it') FROM clients WHERE name = NEW.name AND name <> OLD.name;
	SELECT RAISE(ABORT, 'username: another client is known by it (its username, or its name where it has none)')
	FROM clients WHERE coalesce(username, name) = coalesce(NEW.username, NEW.name) AND name <> OLD.name;
END;

-- 'now' is the same in a whole statement, so this ends also where recursive_triggers is on.
CREATE TRIGGER IF NOT EXISTS clients_updated_at AFTER UPDATE ON clients
WHEN NEW.updated_at <> strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
BEGIN
	UPDATE clients SET updated_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE name = NEW.name;
END;

CREATE TRIGGER IF NOT EXISTS clients_renamed AFTER UPDATE OF name ON clients WHEN NEW.name <> OLD.name
BEGIN
	UPDATE client_certificates SET client = NEW.name WHERE client = OLD.name;
	UPDATE group_rules SET value = NEW.name WHERE match_by = 'client' AND value = OLD.name;
END;

-- INSERT OR REPLACE of a client or group that exists keeps what belongs to it. Where recursive_triggers is off nothing
-- has to be done for that. Where it is on, the triggers for DELETE run in the middle of it and cannot tell a replacement
-- from a deletion: so they set aside what they delete, if an INSERT of the same name has just begun, and the INSERT
-- puts it back when it comes to its end. What an INSERT left behind that did not come to its end is thrown away by the
-- next one before anything else.
CREATE TRIGGER IF NOT EXISTS clients_insert_begins BEFORE INSERT ON clients
BEGIN
	DELETE FROM set_aside;
	INSERT INTO set_aside (kind, a) SELECT 'client', name FROM clients WHERE name = NEW.name;
END;

CREATE TRIGGER IF NOT EXISTS clients_deleted AFTER DELETE ON clients
BEGIN
	INSERT INTO set_aside (kind, a, b)
	SELECT 'certificate', match_by, value FROM client_certificates
	WHERE client = OLD.name AND EXISTS (SELECT 1 FROM set_aside WHERE kind = 'client' AND a = OLD.name);
	INSERT INTO set_aside (kind, id, a)
	SELECT 'rule', id, group_name FROM group_rules
	WHERE match_by = 'client' AND value = OLD.name
		AND EXISTS (SELECT 1 FROM set_aside WHERE kind = 'client' AND a = OLD.name);
	DELETE FROM client_certificates WHERE client = OLD.name;
	DELETE FROM group_rules WHERE match_by = 'client' AND value = OLD.name;
END;

CREATE TRIGGER IF NOT EXISTS clients_insert_ends AFTER INSERT ON clients WHEN EXISTS (SELECT 1 FROM set_aside)
BEGIN
	INSERT INTO client_certificates (client, match_by, value)
	SELECT NEW.name, a, b FROM set_aside WHERE kind = 'certificate';
	INSERT INTO group_rules (id, match_by, value, group_name)
	SELECT id, 'client', NEW.name, a FROM set_aside WHERE kind = 'rule';
	DELETE FROM set_aside;
END;

-- --------------------------------------------------------------------------------------------- client_certificates

CREATE VIEW IF NOT EXISTS check_certificate_row AS SELECT * FROM client_certificates WHERE 0;

CREATE TRIGGER IF NOT EXISTS check_certificate_row_values INSTEAD OF INSERT ON check_certificate_row
BEGIN
	SELECT CASE
		WHEN NEW.match_by IS NULL
			OR NEW.match_by NOT IN ('fingerprint', 'subject', 'common_name', 'dns', 'email', 'uri')
			THEN RAISE(ABORT, 'match_by: must be fingerprint, subject, common_name, dns, email or uri')
		WHEN NOT EXISTS (SELECT 1 FROM clients WHERE name = NEW.client)
			THEN RAISE(ABORT, 'client: there is no client of this name; create it first')
	END;
	INSERT INTO check_value VALUES (NEW.match_by, coalesce(NEW.value, ''));
END;

CREATE TRIGGER IF NOT EXISTS client_certificates_before_insert BEFORE INSERT ON client_certificates
BEGIN
	INSERT INTO check_certificate_row VALUES (NEW.client, NEW.match_by, NEW.value);
END;

CREATE TRIGGER IF NOT EXISTS client_certificates_before_update BEFORE UPDATE ON client_certificates
BEGIN
	INSERT INTO check_certificate_row VALUES (NEW.client, NEW.match_by, NEW.value);
END;

-- Normal form: of fingerprints `SHA256:` and 64 upper-case digits, of DNS names lower case. A trigger's statement follows
-- the conflict clause of the statement that fired it. So a value that is there already in another spelling is an error
-- for a plain INSERT and UPDATE, is taken over by OR REPLACE, and where OR IGNORE left it as it was, the second statement
-- takes back what was written.
CREATE TRIGGER IF NOT EXISTS client_certificates_normalize_inserted AFTER INSERT ON client_certificates
WHEN NEW.value <> CASE NEW.match_by
	WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(trim(NEW.value, char(9, 10, 13, 32)), ':', '')), -64)
	WHEN 'dns' THEN lower(NEW.value)
	ELSE NEW.value END
BEGIN
	UPDATE client_certificates SET value = CASE match_by
		WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(trim(value, char(9, 10, 13, 32)), ':', '')), -64)
		ELSE lower(value) END
	WHERE match_by = NEW.match_by AND value = NEW.value;
	DELETE FROM client_certificates WHERE match_by = NEW.match_by AND value = NEW.value;
END;

CREATE TRIGGER IF NOT EXISTS client_certificates_normalize_updated AFTER UPDATE OF match_by, value ON client_certificates
WHEN NEW.value <> CASE NEW.match_by
	WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(trim(NEW.value, char(9, 10, 13, 32)), ':', '')), -64)
	WHEN 'dns' THEN lower(NEW.value)
	ELSE NEW.value END
BEGIN
	UPDATE client_certificates SET value = CASE match_by
		WHEN 'fingerprint' THEN 'SHA256:' || substr(upper(replace(trim(value, char(9, 10, 13, 32)), ':', '')), -64)
		ELSE lower(value) END
	WHERE match_by = NEW.match_by AND value = NEW.value;
	UPDATE client_certificates SET client = OLD.client, match_by = OLD.match_by, value = OLD.value
	WHERE match_by = NEW.match_by AND value = NEW.value;
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

CREATE TRIGGER IF NOT EXISTS groups_renamed AFTER UPDATE OF name ON groups WHEN NEW.name <> OLD.name
BEGIN
	DELETE FROM group_revisions WHERE group_name IN (OLD.name, NEW.name);
	INSERT INTO group_revisions VALUES (NEW.name, random());
	UPDATE acl_permissions SET group_name = NEW.name WHERE group_name = OLD.name;
	UPDATE group_rules SET group_name = NEW.name WHERE group_name = OLD.name;
END;

-- As with clients: INSERT OR REPLACE keeps permissions and rules.
CREATE TRIGGER IF NOT EXISTS groups_insert_begins BEFORE INSERT ON groups
BEGIN
	DELETE FROM set_aside;
	INSERT INTO set_aside (kind, a) SELECT 'group', name FROM groups WHERE name = NEW.name;
END;

CREATE TRIGGER IF NOT EXISTS groups_deleted AFTER DELETE ON groups
BEGIN
	INSERT INTO set_aside (kind, id, a, b, c)
	SELECT 'permission', id, permission, action, topic FROM acl_permissions
	WHERE group_name = OLD.name AND EXISTS (SELECT 1 FROM set_aside WHERE kind = 'group' AND a = OLD.name);
	INSERT INTO set_aside (kind, id, a, b)
	SELECT 'rule', id, match_by, value FROM group_rules
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
	DELETE FROM set_aside;
END;

-- -------------------------------------------------------------------------------------------------- acl_permissions

CREATE VIEW IF NOT EXISTS check_permission_row AS SELECT * FROM acl_permissions WHERE 0;

CREATE TRIGGER IF NOT EXISTS check_permission_row_values INSTEAD OF INSERT ON check_permission_row
BEGIN
	SELECT CASE
		WHEN NEW.permission IS NULL OR NEW.permission NOT IN ('allow', 'deny')
			THEN RAISE(ABORT, 'permission: must be ''allow'' or ''deny''')
		WHEN NEW.action IS NULL OR NEW.action NOT IN ('publish', 'subscribe')
			THEN RAISE(ABORT, 'action: must be ''publish'' or ''subscribe''')
	END;
	INSERT INTO check_value VALUES ('topic', NEW.topic), ('group', NEW.group_name);
END;

-- A new revision for every group that loses, gains or changes a permission. OR REPLACE fires no trigger for the row it
-- pushes out: one with the same topic is in the same group anyway, one with the same id may be in another. The revision
-- that the BEFORE triggers draw for that one is drawn in vain where nothing is pushed out, which does no harm.
CREATE TRIGGER IF NOT EXISTS acl_permissions_before_insert BEFORE INSERT ON acl_permissions
BEGIN
	INSERT INTO check_permission_row VALUES (NEW.id, NEW.group_name, NEW.permission, NEW.action, NEW.topic);
	UPDATE group_revisions SET revision = random()
	WHERE group_name = (SELECT group_name FROM acl_permissions WHERE id = NEW.id);
END;

CREATE TRIGGER IF NOT EXISTS acl_permissions_before_update BEFORE UPDATE ON acl_permissions
BEGIN
	INSERT INTO check_permission_row VALUES (NEW.id, NEW.group_name, NEW.permission, NEW.action, NEW.topic);
	UPDATE group_revisions SET revision = random()
	WHERE group_name = (SELECT group_name FROM acl_permissions WHERE id = NEW.id);
END;

CREATE TRIGGER IF NOT EXISTS acl_permissions_inserted AFTER INSERT ON acl_permissions
BEGIN
	UPDATE group_revisions SET revision = random() WHERE group_name = NEW.group_name;
END;

CREATE TRIGGER IF NOT EXISTS acl_permissions_updated AFTER UPDATE ON acl_permissions
BEGIN
	UPDATE group_revisions SET revision = random() WHERE group_name IN (OLD.group_name, NEW.group_name);
END;

CREATE TRIGGER IF NOT EXISTS acl_permissions_deleted AFTER DELETE ON acl_permissions
BEGIN
	UPDATE group_revisions SET revision = random() WHERE group_name = OLD.group_name;
END;

-- ------------------------------------------------------------------------------------------------------ group_rules

CREATE VIEW IF NOT EXISTS check_rule_row AS SELECT * FROM group_rules WHERE 0;

CREATE TRIGGER IF NOT EXISTS check_rule_row_values INSTEAD OF INSERT ON check_rule_row
BEGIN
	SELECT CASE
		WHEN NEW.match_by IS NULL
			OR NEW.match_by NOT IN ('client', 'mqtt_id', 'certificate_fingerprint', 'any', 'anonymous')
			THEN RAISE(ABORT, 'match_by: must be client, mqtt_id, certificate_fingerprint, any or anonymous')
		WHEN NEW.match_by IN ('any', 'anonymous') AND coalesce(NEW.value, '') NOT IN ('', '*')
			THEN RAISE(ABORT, 'value: must be ''*'' where match_by is ''any'' or ''anonymous''')
	END;
	INSERT INTO check_value VALUES ('group', NEW.group_name);
	INSERT INTO check_value VALUES (
		CASE NEW.match_by WHEN 'mqtt_id' THEN 'mqtt_id rule' WHEN 'certificate_fingerprint' THEN 'fingerprint'
			ELSE NEW.match_by END,
		coalesce(NEW.value, ''));
END;

CREATE TRIGGER IF NOT EXISTS group_rules_before_insert BEFORE INSERT ON group_rules
BEGIN
	INSERT INTO check_rule_row VALUES (NEW.id, NEW.match_by, NEW.value, NEW.group_name);
END;

CREATE TRIGGER IF NOT EXISTS group_rules_before_update BEFORE UPDATE ON group_rules
BEGIN
	INSERT INTO check_rule_row VALUES (NEW.id, NEW.match_by, NEW.value, NEW.group_name);
END;

-- Normal form: of fingerprints as above, '*' for a value left out. A rule that is there already in another spelling is
-- not added again: the whole row is the key, so nothing is lost by ignoring it (OR REPLACE keeps the new id).
CREATE TRIGGER IF NOT EXISTS group_rules_normalize_inserted AFTER INSERT ON group_rules
WHEN NEW.value <> CASE NEW.match_by
	WHEN 'certificate_fingerprint'
		THEN 'SHA256:' || substr(upper(replace(trim(NEW.value, char(9, 10, 13, 32)), ':', '')), -64)
	WHEN 'any' THEN '*'
	WHEN 'anonymous' THEN '*'
	ELSE NEW.value END
BEGIN
	UPDATE OR IGNORE group_rules SET value = CASE match_by
		WHEN 'certificate_fingerprint'
			THEN 'SHA256:' || substr(upper(replace(trim(value, char(9, 10, 13, 32)), ':', '')), -64)
		ELSE '*' END
	WHERE id = NEW.id;
	DELETE FROM group_rules WHERE id = NEW.id AND value = NEW.value;
END;

CREATE TRIGGER IF NOT EXISTS group_rules_normalize_updated AFTER UPDATE OF match_by, value ON group_rules
WHEN NEW.value <> CASE NEW.match_by
	WHEN 'certificate_fingerprint'
		THEN 'SHA256:' || substr(upper(replace(trim(NEW.value, char(9, 10, 13, 32)), ':', '')), -64)
	WHEN 'any' THEN '*'
	WHEN 'anonymous' THEN '*'
	ELSE NEW.value END
BEGIN
	UPDATE group_rules SET value = CASE match_by
		WHEN 'certificate_fingerprint'
			THEN 'SHA256:' || substr(upper(replace(trim(value, char(9, 10, 13, 32)), ':', '')), -64)
		ELSE '*' END
	WHERE id = NEW.id;
	UPDATE group_rules SET match_by = OLD.match_by, value = OLD.value, group_name = OLD.group_name
	WHERE id = NEW.id AND value = NEW.value;
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
-- Last, so that nothing takes a half-made database for a whole one.

CREATE TABLE IF NOT EXISTS schema_info (
	key TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO schema_info VALUES ('application', 'mosquitto-sqlauth'), ('schema_version', '1');
PRAGMA application_id = 1397837889; -- 0x53514c41, "SQLA"
PRAGMA user_version = 1;
COMMIT;

-- Prints "wal". A refused COMMIT left its transaction open, in which the journal mode cannot be changed, until here.
PRAGMA journal_mode = WAL;
INSERT OR ROLLBACK INTO temp.empty_database
SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM temp.empty_database);
DROP TABLE IF EXISTS temp.required;
DROP TABLE IF EXISTS temp.empty_database;
PRAGMA foreign_keys = OFF;
