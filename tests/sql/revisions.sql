.nullvalue "   nothing new"
CREATE TEMP TABLE seen (group_name, revision);

.print -- new groups have revisions, and no two the same
INSERT INTO groups (name) VALUES ('g'), ('h'), ('i');
.read support/drawn.sql
SELECT count(DISTINCT revision) FROM group_revisions;

.print -- insert
INSERT INTO acl_permissions (id, group_name, action, topic) VALUES (1, 'g', 'publish', 'a');
.read support/drawn.sql
INSERT INTO acl_permissions (id, group_name, action, topic) VALUES (2, 'g', 'publish', 'b'), (3, 'h', 'publish', 'a'), (4, 'h', 'publish', 'b'), (5, 'i', 'publish', 'a');
.read support/drawn.sql

.print -- update of topic, action, permission, id
UPDATE acl_permissions SET topic = 'c' WHERE id = 1;
.read support/drawn.sql
UPDATE acl_permissions SET action = 'subscribe' WHERE id = 1;
.read support/drawn.sql
UPDATE acl_permissions SET permission = 'deny' WHERE id = 1;
.read support/drawn.sql
UPDATE acl_permissions SET id = 10 WHERE id = 1;
.read support/drawn.sql

.print -- a permission that moves to another group
UPDATE acl_permissions SET group_name = 'h' WHERE id = 10;
.read support/drawn.sql

.print -- update of nothing
UPDATE acl_permissions SET topic = 'x' WHERE id = 99;
.read support/drawn.sql

.print -- delete
DELETE FROM acl_permissions WHERE id = 10;
.read support/drawn.sql

.print -- INSERT OR REPLACE by an id of another group, of the same group, and by the same topic
INSERT OR REPLACE INTO acl_permissions (id, group_name, action, topic) VALUES (3, 'g', 'publish', 'z');
.read support/drawn.sql
REPLACE INTO acl_permissions (id, group_name, action, topic) VALUES (3, 'g', 'publish', 'zz');
.read support/drawn.sql
REPLACE INTO acl_permissions (id, group_name, action, topic) VALUES (4, 'i', 'publish', 'a');
.read support/drawn.sql
REPLACE INTO acl_permissions (group_name, action, topic) VALUES ('i', 'publish', 'a');
.read support/drawn.sql
SELECT group_name, topic FROM acl_permissions ORDER BY group_name, topic;

.print -- UPDATE OR REPLACE by an id of another group and by the same topic
DELETE FROM acl_permissions;
INSERT INTO acl_permissions (id, group_name, action, topic) VALUES (1, 'g', 'publish', 'a'), (2, 'h', 'publish', 'a'), (3, 'h', 'publish', 'b'), (4, 'i', 'publish', 'a');
.read support/drawn.sql
UPDATE OR REPLACE acl_permissions SET id = 2 WHERE id = 1;
.read support/drawn.sql
UPDATE OR REPLACE acl_permissions SET group_name = 'i' WHERE id = 2;
.read support/drawn.sql
UPDATE OR REPLACE acl_permissions SET id = 2, group_name = 'g', topic = 'b' WHERE id = 3;
.read support/drawn.sql
SELECT * FROM acl_permissions ORDER BY id;

.print -- upsert, by id and by topic
INSERT INTO acl_permissions (id, group_name, action, topic) VALUES (2, 'g', 'publish', 'b')
ON CONFLICT (id) DO UPDATE SET topic = 'u';
.read support/drawn.sql
INSERT INTO acl_permissions (id, group_name, action, topic) VALUES (9, 'g', 'publish', 'u')
ON CONFLICT (topic, action, permission, group_name) DO UPDATE SET permission = 'deny', group_name = 'h';
.read support/drawn.sql
SELECT * FROM acl_permissions ORDER BY id;

.print -- an ignored insert or update may draw one in vain, but never for nobody
INSERT OR IGNORE INTO acl_permissions (group_name, permission, action, topic) VALUES ('h', 'deny', 'publish', 'u');
.read support/drawn.sql
INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES ('h', 'deny', 'publish', 'u') ON CONFLICT DO NOTHING;
.read support/drawn.sql
INSERT OR IGNORE INTO acl_permissions (group_name, action, topic) VALUES ('h', 'publish', 'u'), ('h', 'publish', 'u');
.read support/drawn.sql

.print -- renaming a group
UPDATE groups SET name = 'h2' WHERE name = 'h';
.read support/drawn.sql
SELECT group_name FROM group_revisions ORDER BY group_name;
UPDATE groups SET description = 'no permission changed';
.read support/drawn.sql

.print -- renaming a group to the name of a deleted one
CREATE TEMP TABLE former AS SELECT * FROM group_revisions;
DELETE FROM groups WHERE name = 'i';
.read support/drawn.sql
UPDATE groups SET name = 'i' WHERE name = 'h2';
.read support/drawn.sql
SELECT count(*) FROM group_revisions JOIN former USING (group_name, revision) WHERE group_name = 'i';

.print -- deleting a group and creating it again
DELETE FROM groups WHERE name = 'i';
INSERT INTO groups (name) VALUES ('i');
.read support/drawn.sql
INSERT OR REPLACE INTO groups (name) VALUES ('i');
.read support/drawn.sql

.print -- deleting everything
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a'), ('i', 'publish', 'a');
.read support/drawn.sql
DELETE FROM acl_permissions;
.read support/drawn.sql
DELETE FROM groups;
.read support/drawn.sql
SELECT count(*) FROM group_revisions;

.print -- what is rolled back keeps its revision, what is done again gets another one
INSERT INTO groups (name) VALUES ('g');
.read support/drawn.sql
BEGIN;
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a');
ROLLBACK;
.read support/drawn.sql
SAVEPOINT s;
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'b');
ROLLBACK TO s;
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'c');
RELEASE s;
.read support/drawn.sql
