.headers on
INSERT INTO groups (name) VALUES ('everyone'), ('pumps'), ('admins'), ('strangers'), ('plant');
INSERT INTO clients (name, username, password) VALUES ('pump-7', 'p7', '$6$salt$hash'), ('alice', 'alice', '$6$salt$hash');
INSERT INTO clients (name, authentication, enabled) VALUES ('gateway', 'certificate', 0);
INSERT INTO client_certificates VALUES ('gateway', 'dns', 'a'), ('gateway', 'dns', 'b');
INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES
	('everyone', 'allow', 'subscribe', 'news/#'), ('pumps', 'allow', 'publish', 'pumps/%u/#'),
	('pumps', 'deny', 'publish', 'pumps/%u/config'), ('admins', 'allow', 'subscribe', '#'),
	('strangers', 'allow', 'publish', 'hello'), ('plant', 'allow', 'publish', 'plant');

.print -- with no rules there are no groups
SELECT * FROM client_list;
SELECT * FROM effective_permissions;

.print -- rules by client and any count, a group once; the others depend on the connection
INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', '*', 'everyone'), ('client', 'pump-7', 'pumps'),
	('client', 'pump-7', 'everyone'), ('client', 'alice', 'admins'), ('anonymous', '*', 'strangers'), ('mqtt_id', '*', 'plant');
SELECT * FROM client_list ORDER BY name;
SELECT * FROM effective_permissions ORDER BY client, group_name, permission, topic;
SELECT * FROM effective_permissions WHERE client = 'nobody';
