INSERT INTO groups (name) VALUES
    ('north-devices'), ('north-offices'), ('south-devices'), ('south-offices'), ('operators'), ('everybody');

-- a tenant's permissions name its branch
INSERT INTO acl_permissions (group_name, action, topic) VALUES
    ('north-devices', 'publish',   'north/%u/#'),
    ('north-devices', 'subscribe', 'north/%u/command'),
    ('north-offices', 'publish',   'north/+/command'),
    ('north-offices', 'subscribe', 'north/#'),
    ('south-devices', 'publish',   'south/%u/#'),
    ('south-devices', 'subscribe', 'south/%u/command'),
    ('south-offices', 'publish',   'south/+/command'),
    ('south-offices', 'subscribe', 'south/#'),
    ('operators',     'publish',   'announcements');

-- for everybody; no tenant's allow beats the deny
INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES
    ('everybody', 'allow', 'subscribe', 'announcements'),
    ('everybody', 'deny',  'publish',   '+/+/audit/#');
INSERT INTO group_rules (match_by, group_name) VALUES ('any', 'everybody');
