/* What compiled ACLs are besides checking and compiling: references, the text of permissions, the words of the tables.
 */
#include "acl_block.h"

#include <stdlib.h>

struct sqlauth_acl *sqlauth_acl_ref(struct sqlauth_acl *acl)
{
	atomic_fetch_add_explicit(&acl->references, 1, memory_order_relaxed);
	return acl;
}

void sqlauth_acl_unref(struct sqlauth_acl *acl)
{
	if (acl && atomic_fetch_sub_explicit(&acl->references, 1, memory_order_acq_rel) == 1)
		free(acl);
}

bool sqlauth_acl_shared(const struct sqlauth_acl *acl)
{
	return atomic_load_explicit(&acl->references, memory_order_relaxed) > 1;
}

size_t sqlauth_acl_count(const struct sqlauth_acl *acl)
{
	return acl->permission_count;
}

size_t sqlauth_acl_bytes(const struct sqlauth_acl *acl)
{
	return acl->bytes;
}

bool sqlauth_acl_uses_placeholder(const struct sqlauth_acl *acl, int which)
{
	return (which == 0 || which == 1) && (acl->uses >> which) & 1;
}

bool sqlauth_acl_permission(const struct sqlauth_acl *acl, uint32_t index, struct sqlauth_permission *permission_r)
{
	const struct acl_permission *stored;

	if (index >= acl->permission_count)
		return false;
	stored = &acl->permissions[index];
	*permission_r = (struct sqlauth_permission){
		.group = acl->text + stored->group,
		.topic = acl->text + stored->topic,
		.effect = (enum sqlauth_effect)stored->effect,
		.action = (enum sqlauth_action)stored->action,
	};
	return true;
}

void sqlauth_acl_client_init(struct sqlauth_acl_client *client_r, const char *mqtt_id, const char *username)
{
	const char *values[2] = {mqtt_id ? mqtt_id : "", username ? username : ""};

	for (int i = 0; i < 2; i++) {
		client_r->value[i] = values[i];
		client_r->length[i] = strlen(values[i]);
		client_r->usable[i] = values[i][0] != '\0' && !strpbrk(values[i], "/+#");
	}
}

const char *sqlauth_access_word(enum sqlauth_access access)
{
	switch (access) {
	case SQLAUTH_ACCESS_PUBLISH:
		return "publish";
	case SQLAUTH_ACCESS_SUBSCRIBE:
		return "subscribe";
	case SQLAUTH_ACCESS_RECEIVE:
		return "receive";
	}
	return "unknown";
}

const char *sqlauth_effect_word(enum sqlauth_effect effect)
{
	switch (effect) {
	case SQLAUTH_ALLOW:
		return "allow";
	case SQLAUTH_DENY:
		return "deny";
	}
	return "unknown";
}

const char *sqlauth_action_word(enum sqlauth_action action)
{
	switch (action) {
	case SQLAUTH_PUBLISH:
		return "publish";
	case SQLAUTH_SUBSCRIBE:
		return "subscribe";
	}
	return "unknown";
}
