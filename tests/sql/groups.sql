.print -- a group needs a name
INSERT INTO groups (name) VALUES ('g');
INSERT INTO groups (name, description) VALUES ('h', 'the others');
INSERT INTO groups (name) VALUES ('');
INSERT INTO groups (name) VALUES (NULL);
INSERT INTO groups (name) VALUES ('a' || char(0));
INSERT INTO groups (name) VALUES ('a' || char(10));
INSERT INTO groups (name) VALUES (printf('%.256c', 'g'));
INSERT INTO groups (name, description) VALUES ('x', printf('%.65536c', 'd'));
INSERT INTO groups (name, description) VALUES ('x', char(0));
INSERT INTO groups (name) VALUES ('g');
UPDATE groups SET name = '';
UPDATE groups SET description = char(0);
SELECT name, quote(description) FROM groups ORDER BY name;

.print -- a permission is allow or deny, publish or subscribe, and of a group that exists
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a');
INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES ('g', 'deny', 'subscribe', 'a'), ('h', 'allow', 'publish', 'a');
INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES ('g', 'maybe', 'publish', 'b');
INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES ('g', 'Allow', 'publish', 'b');
INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES ('g', NULL, 'publish', 'b');
INSERT OR REPLACE INTO acl_permissions (group_name, permission, action, topic) VALUES ('g', NULL, 'publish', 'b');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'read', 'b');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', NULL, 'b');
INSERT INTO acl_permissions (group_name, topic) VALUES ('g', 'b');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('nobody', 'publish', 'b');
INSERT INTO acl_permissions (group_name, action, topic) VALUES (NULL, 'publish', 'b');
INSERT INTO acl_permissions (action, topic) VALUES ('publish', 'b');
INSERT INTO acl_permissions (id, group_name, action, topic) VALUES ('one', 'g', 'publish', 'b');
UPDATE acl_permissions SET permission = 'maybe';
UPDATE acl_permissions SET action = 'read';
UPDATE acl_permissions SET group_name = 'nobody';
UPDATE OR IGNORE acl_permissions SET group_name = 'nobody';

.print -- the same permission is kept once
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a');
INSERT OR IGNORE INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a') ON CONFLICT DO NOTHING;
SELECT * FROM acl_permissions ORDER BY id;

.print -- renaming a group carries its permissions and rules along, under every conflict clause
INSERT INTO group_rules (id, match_by, value, group_name) VALUES (1, 'any', '*', 'g'), (2, 'any', '*', 'h'), (3, 'mqtt_id', 'x*', 'g');
UPDATE groups SET name = 'g1' WHERE name = 'g';
UPDATE OR REPLACE groups SET name = 'g2' WHERE name = 'g1';
UPDATE OR IGNORE groups SET name = 'g3' WHERE name = 'g2';
INSERT INTO groups (name) VALUES ('g3') ON CONFLICT (name) DO UPDATE SET name = 'g4';
SELECT * FROM acl_permissions ORDER BY id;
SELECT * FROM group_rules ORDER BY id;
SELECT group_name FROM group_revisions ORDER BY group_name;
UPDATE groups SET name = name || '-x';
SELECT * FROM acl_permissions ORDER BY id;
SELECT * FROM group_rules ORDER BY id;
SELECT group_name FROM group_revisions ORDER BY group_name;
UPDATE groups SET name = 'g' WHERE name = 'g4-x';
UPDATE groups SET name = 'h' WHERE name = 'h-x';

.print -- a name belongs to one group, whatever the conflict clause
UPDATE groups SET name = 'h' WHERE name = 'g';
UPDATE OR REPLACE groups SET name = 'h' WHERE name = 'g';
UPDATE OR IGNORE groups SET name = 'h' WHERE name = 'g';
UPDATE groups SET name = 'same';
SELECT name FROM groups ORDER BY name;

.print -- inserting a group again keeps its permissions and rules, under every conflict clause
INSERT INTO groups (name) VALUES ('g');
INSERT OR IGNORE INTO groups (name) VALUES ('g');
INSERT INTO groups (name) VALUES ('g') ON CONFLICT DO NOTHING;
INSERT INTO groups (name, description) VALUES ('g', 'upsert') ON CONFLICT (name) DO UPDATE SET description = excluded.description;
INSERT OR REPLACE INTO groups (name, description) VALUES ('g', 'replaced');
REPLACE INTO groups (name, description) VALUES ('h', 'replaced'), ('g', 'again');
SELECT count(*) FROM set_aside;
SELECT * FROM groups ORDER BY name;
SELECT * FROM acl_permissions ORDER BY id;
SELECT * FROM group_rules ORDER BY id;
SELECT group_name FROM group_revisions ORDER BY group_name;

.print -- deleting a group takes its permissions and rules along, and nothing else
DELETE FROM groups WHERE name = 'g';
SELECT * FROM acl_permissions ORDER BY id;
SELECT * FROM group_rules ORDER BY id;
SELECT group_name FROM group_revisions ORDER BY group_name;

.print -- a new group of the same name has none of them, also after an ignored insert
INSERT INTO groups (name) VALUES ('g');
INSERT OR IGNORE INTO groups (name) VALUES ('h');
DELETE FROM groups WHERE name = 'h';
INSERT INTO groups (name) VALUES ('h');
INSERT OR REPLACE INTO groups (name) VALUES ('g'), ('h');
SELECT count(*) FROM acl_permissions;
SELECT count(*) FROM group_rules;
SELECT group_name FROM group_revisions ORDER BY group_name;
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a'), ('h', 'publish', 'a');
DELETE FROM groups;
SELECT count(*) FROM acl_permissions;
SELECT count(*) FROM group_revisions;
