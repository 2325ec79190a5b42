/* The check: one walk through a compiled ACL along a topic's levels.
 *
 * The walk is depth-first without a stack: nodes know their parent, so a dead end climbs back to the last node that has
 * another way to go (`+` or a placeholder beside a literal). It never comes to a node twice, leaves out subtrees
 * that cannot change the outcome any more, and stops at the first deny. Most topics meet no fork and walk straight
 * down. Allocates nothing and knows nothing of sessions or databases.
 */
#include "acl_block.h"

#include "sqlauth/topic.h"

struct walk {
	const struct sqlauth_acl *acl;
	const struct sqlauth_acl_client *client;
	const char *topic;
	size_t length;
	size_t at;      /* where the current level begins; beyond length: all levels are consumed */
	uint32_t node;  /* all levels before `at` lead here */
	uint32_t forks; /* nodes above this one that have another way to go */
	uint8_t allow;  /* bit of an allow for the action in question, */
	uint8_t deny;   /* and of a deny; 0 where it cannot count any more */
	enum sqlauth_action action;
	bool dollar;   /* the topic begins with `$` */
	bool no_allow; /* below a first level that a client's own value turned into `$...`: only denies count */
	struct sqlauth_verdict verdict;
};

static uint8_t wanted(const struct walk *walk)
{
	if (walk->no_allow || walk->verdict.decision == SQLAUTH_ALLOWED)
		return walk->deny;
	return walk->allow | walk->deny;
}

/* Takes note of what a node's bits decide; true when that is final. */
static bool decide(struct walk *walk, uint8_t bits, const uint32_t deciders[ACL_KINDS])
{
	bits &= wanted(walk);
	if (bits & walk->deny) {
		walk->verdict.decision = SQLAUTH_DENIED;
		walk->verdict.permission = deciders[acl_kind(SQLAUTH_DENY, walk->action)];
		return true;
	}
	if (bits) {
		walk->verdict.decision = SQLAUTH_ALLOWED;
		walk->verdict.permission = deciders[acl_kind(SQLAUTH_ALLOW, walk->action)];
	}
	return false;
}

/* ---- placeholders ---- */

struct cursor {
	const char *at, *end;
};

/* Takes `bytes` off the front of the cursor; false where it does not begin with them. */
static bool cursor_take(struct cursor *cursor, const char *bytes, size_t length)
{
	if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, bytes, length) != 0)
		return false;
	cursor->at += length;
	return true;
}

static int placeholder_index(char letter)
{
	return letter == 'c' ? 0 : 1;
}

static const char *label_of(const struct walk *walk, const struct acl_node *pattern_node)
{
	return walk->acl->text + walk->acl->patterns[pattern_node->label].label;
}

static bool pattern_matches(const struct walk *walk, const struct acl_node *node, size_t end)
{
	struct cursor level = {walk->topic + walk->at, walk->topic + end};
	const char *label = label_of(walk, node), *label_end = label + node->label_length;

	for (; label < label_end; label++) {
		bool taken;
		if (*label != '%') {
			taken = cursor_take(&level, label, 1);
		} else if (*++label == '%') {
			taken = cursor_take(&level, "%", 1);
		} else {
			int which = placeholder_index(*label);
			taken = cursor_take(&level, walk->client->value[which], walk->client->length[which]);
		}
		if (!taken)
			return false;
	}
	return level.at == level.end;
}

static bool pattern_usable(const struct walk *walk, const struct acl_pattern *pattern)
{
	return (!(pattern->uses & 1u) || walk->client->usable[0]) && (!(pattern->uses & 2u) || walk->client->usable[1]);
}

/* The first character that the label stands for, with the client's values; '\0' for none. *given_r: it is the client's.
 */
static char pattern_first_character(const struct walk *walk, const struct acl_node *node, bool *given_r)
{
	const char *label = label_of(walk, node), *end = label + node->label_length;

	*given_r = false;
	for (; label < end; label += 2) {
		int which;
		if (*label != '%')
			return *label;
		if (label[1] == '%')
			return '%';
		which = placeholder_index(label[1]);
		if (walk->client->length[which] > 0) {
			*given_r = true;
			return walk->client->value[which][0];
		}
	}
	return '\0';
}

/* Denies behind a placeholder whose value is unusable hold for everything from their level on, as if `#` stood there:
 * at the first level also for `$` topics where the level begins with `$`. True when one applies. */
static bool decide_widened(struct walk *walk)
{
	const struct sqlauth_acl *acl = walk->acl;
	uint32_t next = acl->nodes[walk->node].pattern;

	while (next) {
		const struct acl_pattern *pattern = &acl->patterns[next - 1];
		const struct acl_node *node = &acl->nodes[pattern->node];
		bool given;
		next = pattern->next;
		if (!(node->below & walk->deny) || pattern_usable(walk, pattern))
			continue;
		if (walk->node == ACL_ROOT && walk->dollar && pattern_first_character(walk, node, &given) != '$')
			continue;
		walk->verdict.decision = SQLAUTH_DENIED;
		walk->verdict.permission = pattern->deny[walk->action];
		return true;
	}
	return false;
}

/* ---- the walk ---- */

/* What the permissions at this node say. True when that is final. */
static bool decide_here(struct walk *walk)
{
	const struct acl_node *node = &walk->acl->nodes[walk->node];
	const struct acl_deciders *deciders = &walk->acl->deciders[node->deciders];

	if (node->rest && !(walk->node == ACL_ROOT && walk->dollar) && decide(walk, node->rest, deciders->rest))
		return true;
	if (node->pattern && decide_widened(walk))
		return true;
	return node->here && walk->at > walk->length && decide(walk, node->here, deciders->here);
}

/* Whether the parent of this node may have another way to go, tried after it. */
static bool has_siblings(const struct walk *walk, const struct acl_node *node)
{
	const struct acl_node *parent = &walk->acl->nodes[node->parent];

	switch ((enum acl_edge)node->edge) {
	case ACL_EDGE_LITERAL:
		return parent->plus != ACL_NONE || parent->pattern != 0;
	case ACL_EDGE_PLUS:
		return parent->pattern != 0;
	case ACL_EDGE_PATTERN:
		return walk->acl->patterns[node->label].next != 0;
	}
	return false;
}

static uint32_t choose_plus(const struct walk *walk)
{
	uint32_t plus = walk->acl->nodes[walk->node].plus;
	bool open = !(walk->node == ACL_ROOT && walk->dollar);

	return open && (walk->acl->nodes[plus].below & wanted(walk)) ? plus : ACL_NONE;
}

static uint32_t choose_pattern(const struct walk *walk, uint32_t next, size_t end)
{
	while (next) {
		const struct acl_pattern *pattern = &walk->acl->patterns[next - 1];
		const struct acl_node *node = &walk->acl->nodes[pattern->node];
		if ((node->below & wanted(walk)) && pattern_usable(walk, pattern) && pattern_matches(walk, node, end))
			return pattern->node;
		next = pattern->next;
	}
	return ACL_NONE;
}

/* The first child that takes the level from walk->at to `end` and can still change the outcome; ACL_NONE where none. */
static uint32_t choose_first(const struct walk *walk, uint32_t hash, size_t end)
{
	const struct sqlauth_acl *acl = walk->acl;
	const struct acl_node *node = &acl->nodes[walk->node];
	uint32_t child = acl_find_literal(acl->nodes, acl->slots, acl->slot_mask, acl->text, walk->node, hash,
		walk->topic + walk->at, end - walk->at);

	if (child != ACL_NONE && (acl->nodes[child].below & wanted(walk)))
		return child;
	child = node->plus ? choose_plus(walk) : ACL_NONE;
	return child == ACL_NONE && node->pattern ? choose_pattern(walk, node->pattern, end) : child;
}

/* The same, after `tried`. */
static uint32_t choose_next(const struct walk *walk, const struct acl_node *tried, size_t end)
{
	const struct acl_node *node = &walk->acl->nodes[walk->node];
	uint32_t child = ACL_NONE;

	if (tried->edge == ACL_EDGE_PATTERN)
		return choose_pattern(walk, walk->acl->patterns[tried->label].next, end);
	if (tried->edge == ACL_EDGE_LITERAL && node->plus)
		child = choose_plus(walk);
	return child == ACL_NONE ? choose_pattern(walk, node->pattern, end) : child;
}

static void descend(struct walk *walk, uint32_t child, size_t end)
{
	const struct acl_node *node = &walk->acl->nodes[child];
	bool given;

	if (walk->node == ACL_ROOT && node->edge == ACL_EDGE_PATTERN)
		walk->no_allow = pattern_first_character(walk, node, &given) == '$' && given;
	if (has_siblings(walk, node))
		walk->forks++;
	walk->node = child;
	walk->at = end + 1;
}

/* Climbs out of a dead end to the next way to go and takes it; false where there is none. */
static bool climb(struct walk *walk)
{
	while (walk->forks > 0) {
		const struct acl_node *tried = &walk->acl->nodes[walk->node];
		size_t end = walk->at - 1, at = end;
		uint32_t child;

		while (at > 0 && walk->topic[at - 1] != '/')
			at--;
		walk->at = at;
		walk->node = tried->parent;
		if (walk->node == ACL_ROOT)
			walk->no_allow = false;
		if (!has_siblings(walk, tried))
			continue;
		walk->forks--;
		child = choose_next(walk, tried, end);
		if (child != ACL_NONE) {
			descend(walk, child, end);
			return true;
		}
	}
	return false;
}

static void run(struct walk *walk)
{
	while (!decide_here(walk)) {
		uint32_t hash, child = ACL_NONE;
		size_t length = 0;

		if (walk->at <= walk->length) {
			length = acl_scan_level(walk->topic + walk->at, walk->length - walk->at, &hash);
			if (length != 1 || walk->topic[walk->at] != '#') /* no child covers what `#` stands for */
				child = choose_first(walk, hash, walk->at + length);
		}
		if (child != ACL_NONE)
			descend(walk, child, walk->at + length);
		else if (!climb(walk))
			return;
	}
}

/* Whether a topic name holds what none may hold: `+`, `#`, NUL. */
static bool name_is_invalid(const char *name, size_t length)
{
	uint64_t found = 0;

	for (size_t i = 0; i < length; i += 8) {
		size_t count = length - i < 8 ? length - i : 8;
		uint64_t word = acl_load(name + i, count);
		if (count < 8)
			word |= ACL_BYTES_ALL('a') << (8 * count);
		found |= acl_bytes_equal(word, '+') | acl_bytes_equal(word, '#') | acl_bytes_equal(word, '\0');
	}
	return found != 0;
}

struct sqlauth_verdict sqlauth_acl_check(const struct sqlauth_acl *acl, enum sqlauth_access access,
	const struct sqlauth_acl_client *client, const char *topic, size_t length)
{
	enum sqlauth_action action = access == SQLAUTH_ACCESS_PUBLISH ? SQLAUTH_PUBLISH : SQLAUTH_SUBSCRIBE;
	struct walk walk = {.acl = acl,
		.client = client,
		.action = action,
		.allow = acl_bit(SQLAUTH_ALLOW, action),
		.deny = acl_bit(SQLAUTH_DENY, action),
		.verdict = {SQLAUTH_DENIED, SQLAUTH_NO_PERMISSION}};

	if ((unsigned)access > SQLAUTH_ACCESS_RECEIVE)
		return walk.verdict;
	if (access == SQLAUTH_ACCESS_SUBSCRIBE) {
		topic = sqlauth_topic_skip_share(topic, length, &length);
		if (!topic || sqlauth_topic_filter_fault(topic, length))
			return walk.verdict;
		if (length == 1 && topic[0] == '#') { /* every topic has a first level */
			topic = "+/#";
			length = 3;
		}
	} else if (length == 0 || length > SQLAUTH_TOPIC_BYTES_MAX || name_is_invalid(topic, length)) {
		return walk.verdict;
	}
	walk.topic = topic;
	walk.length = length;
	walk.dollar = topic[0] == '$';
	run(&walk);
	return walk.verdict;
}
