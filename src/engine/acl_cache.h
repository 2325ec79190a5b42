/* Compiled ACLs by the groups they were compiled from, so that clients with the same groups share one block.
 *
 * The key is the list of group names with their revisions: a group whose permissions changed has another revision, so a
 * stale block is never found again, and it goes when its last session does. When the database was exchanged the
 * revisions say nothing, and all is forgotten. That a list has too many permissions is remembered like a block that
 * nobody holds. Blocks that no session holds are kept while they are few. Memory: the blocks in use, and as many
 * entries again as there are blocks in use, at least ACL_CACHE_SLACK. One cache, one thread.
 */
#ifndef SQLAUTH_ACL_CACHE_H
#define SQLAUTH_ACL_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "sqlauth/acl.h"
#include "sqlauth/error.h"
#include "sqlauth/secret.h"
#include "sqlauth/store.h"

#define ACL_CACHE_SLACK 64

struct acl_cache_entry;

struct acl_cache {
	struct acl_cache_entry *entries;
	struct sqlauth_hash_key key;
	size_t sweep_at;     /* entries at which unused ones are looked for */
	uint64_t generation; /* sqlauth_store_generation of the entries */
};

void acl_cache_init(struct acl_cache *cache);
void acl_cache_clear(struct acl_cache *cache);

/* The block for these groups (one reference, the caller's), compiled from the store where it is not known. Between
 * sqlauth_store_begin and end. Errors as sqlauth_store_compile. */
enum sqlauth_error acl_cache_get(struct acl_cache *cache, struct sqlauth_store *store,
	const struct sqlauth_groups *groups, struct sqlauth_acl **acl_r, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

size_t acl_cache_count(const struct acl_cache *cache);

#endif
