/* Topic filters and names against the oracle. Input: two lines, both taken as filter, as name and as permission topic.
 */
#include "acl_oracle.h"
#include "fuzz.h"

static void compare_one(const struct fuzz_part *part)
{
	for (int permission = 0; permission < 2; permission++) {
		unsigned faults = oracle_faults(part->bytes, part->length, permission == 1);
		enum sqlauth_topic_fault fault = permission == 1
							 ? sqlauth_topic_permission_fault(part->bytes, part->length)
							 : sqlauth_topic_filter_fault(part->bytes, part->length);
		DEMAND(faults == 0 ? fault == SQLAUTH_TOPIC_FINE : (faults & (1u << fault)) != 0);
		DEMAND(sqlauth_topic_fault_text(fault) != NULL);
	}
	DEMAND(sqlauth_topic_name_valid(part->bytes, part->length) == oracle_name_valid(part->bytes, part->length));
	size_t expected = 0;
	size_t length = 0;
	const char *filter = oracle_skip_share(part->bytes, part->length, &expected);
	DEMAND(sqlauth_topic_skip_share(part->bytes, part->length, &length) == filter);
	DEMAND(filter == NULL || length == expected);
}

static void compare_two(const struct fuzz_part *a, const struct fuzz_part *b)
{
	struct oracle_levels filter;
	struct oracle_levels other;
	bool is_filter = oracle_faults(a->bytes, a->length, false) == 0;
	oracle_split(&filter, a->bytes, a->length);
	oracle_split(&other, b->bytes, b->length);
	bool matches = is_filter && oracle_name_valid(b->bytes, b->length) && oracle_matches(&filter, &other);
	bool covers = is_filter && oracle_faults(b->bytes, b->length, false) == 0 && oracle_covers(&filter, &other);
	DEMAND(sqlauth_topic_matches(a->bytes, a->length, b->bytes, b->length) == matches);
	DEMAND(sqlauth_topic_covers(a->bytes, a->length, b->bytes, b->length) == covers);
	oracle_release(&filter);
	oracle_release(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part a = fuzz_next_line(&data, &size);
	struct fuzz_part b = fuzz_next_line(&data, &size);
	compare_one(&a);
	compare_one(&b);
	compare_two(&a, &b);
	compare_two(&b, &a);
	compare_two(&a, &a);
	free(a.bytes);
	free(b.bytes);
	return 0;
}
