/* Compiled ACLs: a set of permissions turned into one immutable block, and the check against it.
 *
 * The rules (docs/acl.md): deny beats allow, nothing matching means denied. PUBLISH, the will and the source of a
 * retained message are judged by `publish` permissions whose filter matches the topic name; deliveries by `subscribe`
 * permissions likewise; SUBSCRIBE by `subscribe` permissions whose filter covers the asked filter whole.
 *
 * A block holds no pointer to anything outside itself, keeps the text of its permissions so that a verdict can be
 * explained, and never changes; it may be read by any number of threads. Its reference count is atomic.
 */
#ifndef SQLAUTH_ACL_H
#define SQLAUTH_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqlauth/error.h"

enum sqlauth_effect { SQLAUTH_ALLOW, SQLAUTH_DENY };        /* acl_permissions.permission */
enum sqlauth_action { SQLAUTH_PUBLISH, SQLAUTH_SUBSCRIBE }; /* acl_permissions.action */

/* One row of acl_permissions. Strings NUL-terminated; borrowed wherever this type is used. */
struct sqlauth_permission {
	const char *group;
	const char *topic; /* a topic filter that may hold %c, %u and %% */
	enum sqlauth_effect effect;
	enum sqlauth_action action;
};

/* What is asked. The words of log lines: publish, subscribe, receive. */
enum sqlauth_access { SQLAUTH_ACCESS_PUBLISH, SQLAUTH_ACCESS_SUBSCRIBE, SQLAUTH_ACCESS_RECEIVE };

enum sqlauth_decision { SQLAUTH_DENIED = 0, SQLAUTH_ALLOWED };

#define SQLAUTH_NO_PERMISSION UINT32_MAX

/* Permissions in one block; beyond it sqlauth_acl_compile says SQLAUTH_ERROR_LIMIT. Bounds a connect's memory to a few
 * hundred MB even for a database written in bad faith. */
#define SQLAUTH_ACL_PERMISSIONS_MAX 1000000

/* Wildcards and placeholders beside other levels branch. Branches that one check may have to follow, whatever is asked
 * by whom; a set in which some topic could meet more is SQLAUTH_ERROR_LIMIT. A set of fewer permissions never is, nor,
 * of any size, one of at most ten levels without placeholders (docs/adr/0004-compiled-acl.md). */
#define SQLAUTH_ACL_BRANCHES_MAX 1024

struct sqlauth_verdict {
	enum sqlauth_decision decision;
	uint32_t permission; /* index of the permission that decided (sqlauth_acl_permission), or SQLAUTH_NO_PERMISSION
			      */
};

/* The values that placeholders stand for, with what was found out about them once. Strings are borrowed and must
 * outlive the struct. */
struct sqlauth_acl_client {
	const char *value[2]; /* [0]: %c, the MQTT client identifier; [1]: %u, the broker-visible username */
	size_t length[2];
	bool usable[2]; /* neither empty nor with `/`, `+` or `#`: an allow may use it */
};

struct sqlauth_acl;

/* Fills *client_r. NULL strings count as empty. Linear in their lengths. */
void sqlauth_acl_client_init(struct sqlauth_acl_client *client_r, const char *mqtt_id, const char *username);

/* Compiles permissions[0..count-1] (count 0: an ACL that denies everything) into a new block with one reference, given
 * to the caller in *acl_r. Duplicates are allowed; of several permissions with the same topic, effect and action the
 * first one is named in verdicts. Errors: MEMORY; LIMIT (SQLAUTH_ACL_PERMISSIONS_MAX, SQLAUTH_ACL_BRANCHES_MAX);
 * INVALID, with the index of the permission whose topic or enum is not valid in *bad_r (may be NULL). Cost: about
 * linear in the bytes of all topics. */
enum sqlauth_error sqlauth_acl_compile(const struct sqlauth_permission *permissions, size_t count,
	struct sqlauth_acl **acl_r, size_t *bad_r) __attribute__((warn_unused_result));

/* Takes another reference and gives the same block back. */
struct sqlauth_acl *sqlauth_acl_ref(struct sqlauth_acl *acl);

/* Drops a reference; the last one frees the block. NULL is allowed. */
void sqlauth_acl_unref(struct sqlauth_acl *acl);

/* Decides. PUBLISH and RECEIVE take a topic name, SUBSCRIBE a topic filter, `$share/GROUP/` allowed in front; anything
 * invalid is denied without a permission. The hottest path of all: no allocation, no lock, no recursion, no log. Linear
 * in the topic's length, however many permissions there are: wildcards and placeholders branch, but a node of the block
 * is visited at most once, and there are never more than SQLAUTH_ACL_BRANCHES_MAX branches to follow. */
struct sqlauth_verdict sqlauth_acl_check(const struct sqlauth_acl *acl, enum sqlauth_access access,
	const struct sqlauth_acl_client *client, const char *topic, size_t length);

/* The permission at `index`, its strings borrowed from the block; false for SQLAUTH_NO_PERMISSION or beyond. */
bool sqlauth_acl_permission(const struct sqlauth_acl *acl, uint32_t index, struct sqlauth_permission *permission_r);

/* Whether anybody but the caller holds a reference; a snapshot, exact only where all references belong to one thread.
 */
bool sqlauth_acl_shared(const struct sqlauth_acl *acl);

/* Permissions given to sqlauth_acl_compile, and bytes of the block. */
size_t sqlauth_acl_count(const struct sqlauth_acl *acl);
size_t sqlauth_acl_bytes(const struct sqlauth_acl *acl);

/* Whether some permission holds the placeholder: 0 for %c, 1 for %u. For the one log line about an unusable value. */
bool sqlauth_acl_uses_placeholder(const struct sqlauth_acl *acl, int which);

/* `publish`, `subscribe`, `receive`; `allow`, `deny`. Constant; "unknown" for other values. */
const char *sqlauth_access_word(enum sqlauth_access access);
const char *sqlauth_effect_word(enum sqlauth_effect effect);
const char *sqlauth_action_word(enum sqlauth_action action);

#endif
