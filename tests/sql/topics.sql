INSERT INTO groups (name) VALUES ('g');

.print -- a topic is a topic filter with placeholders
INSERT INTO acl_permissions (group_name, action, topic) VALUES
	('g', 'publish', 'a'), ('g', 'publish', '/'), ('g', 'publish', '//'), ('g', 'publish', ' '),
	('g', 'publish', '#'), ('g', 'publish', '/#'), ('g', 'publish', 'a/#'), ('g', 'publish', '+/#'),
	('g', 'publish', '+'), ('g', 'publish', '+/+'), ('g', 'publish', '/+'), ('g', 'publish', '+/'),
	('g', 'publish', '/+/+/'), ('g', 'publish', '+/+/+/+'), ('g', 'publish', 'a/+/+/b'), ('g', 'publish', '+//+'),
	('g', 'publish', '%c'), ('g', 'publish', '%u'), ('g', 'publish', '%%'), ('g', 'publish', 'a%cb/%u%%c/%%%c/#'),
	('g', 'publish', '$SYS/#'), ('g', 'publish', '$share'), ('g', 'publish', 'a/$share/b'),
	('g', 'publish', 'ü/日本'), ('g', 'publish', '007'), ('g', 'publish', 'a[b]*?c'),
	('g', 'publish', printf('%.65535c', 't'));
SELECT count(*), count(DISTINCT topic), typeof(topic) FROM acl_permissions;
SELECT topic FROM acl_permissions WHERE topic = '007';
UPDATE acl_permissions SET topic = 'a/+/%u/#' WHERE topic = 'a';

.print -- empty ones are refused
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', NULL);
INSERT INTO acl_permissions (group_name, action) VALUES ('g', 'publish');
UPDATE acl_permissions SET topic = '';

.print -- long ones are refused, by bytes
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', printf('%.65536c', 't'));
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', replace(printf('%.32768c', 't'), 't', 'ü'));

.print -- those with a NUL character are refused
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', char(0));
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a/' || char(0) || '#/b');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', x'612f23');

.print -- so are those that Mosquitto lets nobody use: control characters, and what is not UTF-8
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a/' || char(1));
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', char(31) || '/#');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a' || char(127));
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a' || char(159));
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', CAST(x'ff' AS TEXT));
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'ü/' || CAST(x'a0' AS TEXT));

.print -- "#" is refused anywhere but at the end
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '#/a');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '#/');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a/#/b');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a#/b');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '#/#');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a+/#/b');

.print -- "#" is refused beside other characters
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a#');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '#a');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '##');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a/##');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a/b#');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a+/#b');

.print -- "+" is refused beside other characters
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a+');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '+a');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '++');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '+/a+/+');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '/++/');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '%x/a+');

.print -- "%" is refused before anything but c, u and %
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '%');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '%%%');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a/%d');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '%C');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '%/c');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', '%%%x');

.print -- the prefix of shared subscriptions is refused
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'subscribe', '$share/group/a/#');
INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'subscribe', '$share/');

.print -- no conflict clause gets a bad topic in, or silently leaves it out
INSERT OR IGNORE INTO acl_permissions (group_name, permission, action, topic) VALUES ('g', 'deny', 'publish', 'a#');
INSERT OR REPLACE INTO acl_permissions (group_name, permission, action, topic) VALUES ('g', 'deny', 'publish', 'a#');
INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES ('g', 'deny', 'publish', 'a#') ON CONFLICT DO NOTHING;
UPDATE OR IGNORE acl_permissions SET topic = 'a#';
UPDATE OR REPLACE acl_permissions SET topic = 'a#';
SELECT count(*), sum(permission = 'deny') FROM acl_permissions;

.print -- anybody may ask
INSERT INTO check_value VALUES ('topic', 'a/+/#');
INSERT INTO check_value VALUES ('topic', 'a/#/b');
SELECT count(*) FROM check_value;
