-- %u is the client's name, since its certificate is all that it presents
INSERT INTO groups (name) VALUES ('pumps'), ('control');
INSERT INTO acl_permissions (group_name, action, topic) VALUES
    ('pumps',   'publish',   'pumps/%u/state'),
    ('pumps',   'subscribe', 'pumps/%u/command'),
    ('control', 'subscribe', 'pumps/+/state'),
    ('control', 'publish',   'pumps/+/command');

-- each with the one MQTT client id that is its name
INSERT INTO clients (name, authentication, mqtt_id) VALUES
    ('pump-1', 'certificate', 'pump-1'), ('pump-2', 'certificate', 'pump-2'),
    ('control-room', 'certificate', 'control-room');
INSERT INTO client_certificates (client, match_by, value) SELECT name, 'common_name', name FROM clients;
INSERT INTO group_rules (match_by, value, group_name)
    SELECT 'client', name, iif(name GLOB 'pump-*', 'pumps', 'control') FROM clients;
