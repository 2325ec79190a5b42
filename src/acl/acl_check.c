/* The check: one walk through a compiled ACL along a topic's levels.
 *
 * The walk is depth-first without a stack: nodes know their parent, so a dead end climbs back to the last node that has
 * another way to go (`+` or a placeholder beside a literal). It never comes to a node twice, leaves out subtrees
 * that cannot change the outcome any more, and stops as soon as nothing can. Most topics meet no fork and walk straight
 * down. Allocates nothing and knows nothing of sessions or databases.
 */
#include "acl_block.h"

#include "sqlauth/topic.h"

/* Levels that are found and hashed once, before the walk; of deeper ones each node that looks at one does it anew. */
#define LEVELS_KEPT 24

/* Blocks with more edges than this do not stay in the nearest cache: where their table will be looked at is fetched
 * before the walk begins, all levels at the same time. */
#define PREFETCH_ABOVE 1024

struct walk {
	const struct sqlauth_acl *acl;
	const struct sqlauth_acl_client *client;
	const char *topic;
	size_t length;
	size_t at;      /* where the current level begins; beyond length: all levels are consumed */
	uint32_t depth; /* number of that level */
	uint32_t node;  /* all levels before `at` lead here */
	uint32_t forks; /* nodes above this one that have another way to go */
	uint32_t kept;  /* of the levels below */
	uint8_t allow;  /* bit of an allow for the action in question, */
	uint8_t deny;   /* and of a deny; 0 where the block has none */
	uint8_t wanted; /* those of the two that can still change the outcome */
	bool dollar;    /* the topic begins with `$` */
	bool no_allow;  /* below a first level that a client's own value turned into `$...`: only denies count */
	enum sqlauth_action action;
	struct sqlauth_verdict verdict;
	struct acl_level *levels;
};

static void narrow(struct walk *walk)
{
	bool settled = walk->no_allow || walk->verdict.decision == SQLAUTH_ALLOWED;
	walk->wanted = settled ? walk->deny : walk->allow | walk->deny;
}

/* Takes note of what a node's bits decide; true when that is final. ends_at: where in acl_ends these bits begin. */
static bool decide(struct walk *walk, const struct acl_node *node, uint8_t bits, unsigned ends_at)
{
	unsigned ends = acl_ends(node), kind;
	enum sqlauth_effect effect;

	bits &= walk->wanted;
	if (bits == 0)
		return false;
	effect = bits & walk->deny ? SQLAUTH_DENY : SQLAUTH_ALLOW;
	kind = acl_kind(effect, walk->action);
	if (acl_is_single(ends))
		walk->verdict.permission = node->decider;
	else if (ends_at == 0)
		walk->verdict.permission = walk->acl->deciders[node->decider].here[kind];
	else
		walk->verdict.permission = walk->acl->deciders[node->decider].rest[kind];
	walk->verdict.decision = effect == SQLAUTH_DENY ? SQLAUTH_DENIED : SQLAUTH_ALLOWED;
	narrow(walk);
	return effect == SQLAUTH_DENY || walk->deny == 0;
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

static bool shape_usable(const struct walk *walk, const struct acl_shape *shape)
{
	return (!(shape->uses & 1u) || walk->client->usable[0]) && (!(shape->uses & 2u) || walk->client->usable[1]);
}

/* Whether the level matches that of a shape of one child. */
static bool label_matches(const struct walk *walk, const struct acl_shape *shape, struct cursor level)
{
	const char *label = walk->acl->text + shape->label, *end = label + shape->label_length;

	for (; label < end; label++) {
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

/* Whether the level has the client's value where one of this shape has its only placeholder. */
static bool holds_value(const struct walk *walk, const struct acl_shape *shape, struct cursor level)
{
	int which = shape->uses == 1u ? 0 : 1;
	size_t length = walk->client->length[which];

	return (size_t)(level.end - level.at) == shape->before + length + shape->after &&
	       memcmp(level.at + shape->before, walk->client->value[which], length) == 0;
}

/* Whether what surrounds that is what surrounds the placeholder in the label. */
static bool surrounds(const char *label, const struct acl_shape *shape, struct cursor level)
{
	return memcmp(label, level.at, shape->before) == 0 &&
	       memcmp(label + shape->before + 2, level.end - shape->after, shape->after) == 0;
}

/* The child of a shape with several that matches the level: what surrounds the client's value there finds it. */
static uint32_t find_shaped(const struct walk *walk, const struct acl_shape *shape, struct cursor level)
{
	const struct sqlauth_acl *acl = walk->acl;
	const char *after = level.end - shape->after;
	uint32_t path =
		acl_path(acl->nodes[walk->node].path, acl_pattern_key(level.at, shape->before, after, shape->after));
	for (uint32_t slot = path & acl->slot_mask; acl->slots[slot].node != ACL_NONE;
		slot = (slot + 1) & acl->slot_mask) {
		const struct acl_node *node = &acl->nodes[acl->slots[slot].node];
		if (acl->slots[slot].path == path && node->parent == walk->node && node->edge == ACL_EDGE_PATTERN &&
			&acl->shapes[node->shaped] == shape && surrounds(acl->text + node->label, shape, level))
			return acl->slots[slot].node;
	}
	return ACL_NONE;
}

/* The child of this shape that the level matches, or ACL_NONE. */
static uint32_t take_shaped(const struct walk *walk, const struct acl_shape *shape, struct cursor level)
{
	if (shape->lone)
		return label_matches(walk, shape, level) ? shape->node : ACL_NONE;
	if (!holds_value(walk, shape, level))
		return ACL_NONE;
	if (shape->node == ACL_NONE)
		return find_shaped(walk, shape, level);
	return surrounds(walk->acl->text + shape->label, shape, level) ? shape->node : ACL_NONE;
}

/* The first character that a label stands for, with the client's values; '\0' for none. *given_r: it is the client's.
 */
static char first_character(const struct walk *walk, uint32_t offset, size_t length, bool *given_r)
{
	const char *label = walk->acl->text + offset, *end = label + length;

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
	uint32_t next = acl->nodes[walk->node].shape;

	if (walk->client->usable[0] && walk->client->usable[1])
		return false;
	while (next) {
		const struct acl_shape *shape = &acl->shapes[next - 1];
		bool given;
		next = shape->next;
		if (!(shape->below & walk->deny) || shape_usable(walk, shape))
			continue;
		if (walk->node == ACL_ROOT && walk->dollar &&
			first_character(walk, shape->label, shape->label_length, &given) != '$')
			continue;
		walk->verdict.decision = SQLAUTH_DENIED;
		walk->verdict.permission = shape->deny[walk->action];
		return true;
	}
	return false;
}

/* ---- the walk ---- */

/* What the permissions at this node say. True when that is final. */
static bool decide_at(struct walk *walk, const struct acl_node *node)
{
	if (node->rest && !(walk->node == ACL_ROOT && walk->dollar) && decide(walk, node, node->rest, ACL_KINDS))
		return true;
	if (node->shape && decide_widened(walk))
		return true;
	return node->here && walk->at > walk->length && decide(walk, node, node->here, 0);
}

/* The same for a leaf with a tail, which is compared as one text. */
static bool decide_behind_tail(struct walk *walk, const struct acl_node *node)
{
	size_t end = walk->at - 1 + node->tail_length; /* the tail has the `/` in front, too */

	if (!acl_is_tail(node, walk->acl->text, walk->topic, walk->length, walk->at - 1))
		return false;
	if (end < walk->length && walk->topic[end] != '/')
		return false;
	if (node->rest && decide(walk, node, node->rest, ACL_KINDS))
		return true;
	return node->here && end == walk->length && decide(walk, node, node->here, 0);
}

/* Whether the parent of this node may have another way to go, tried after it. */
static bool has_siblings(const struct walk *walk, const struct acl_node *node)
{
	const struct acl_node *parent = &walk->acl->nodes[node->parent];

	switch ((enum acl_edge)node->edge) {
	case ACL_EDGE_LITERAL:
		return parent->plus != ACL_NONE || parent->shape != 0;
	case ACL_EDGE_PLUS:
		return parent->shape != 0;
	case ACL_EDGE_PATTERN:
		return walk->acl->shapes[node->shaped].next != 0;
	}
	return false;
}

static uint32_t choose_plus(const struct walk *walk, uint32_t plus)
{
	bool closed = walk->node == ACL_ROOT && walk->dollar;
	return plus && !closed && (walk->acl->nodes[plus].below & walk->wanted) ? plus : ACL_NONE;
}

static uint32_t choose_shaped(const struct walk *walk, uint32_t next, size_t end)
{
	struct cursor level = {walk->topic + walk->at, walk->topic + end};

	while (next) {
		const struct acl_shape *shape = &walk->acl->shapes[next - 1];
		uint32_t child;
		next = shape->next;
		if (!(shape->below & walk->wanted) || !shape_usable(walk, shape))
			continue;
		child = take_shaped(walk, shape, level);
		if (child != ACL_NONE && (walk->acl->nodes[child].below & walk->wanted))
			return child;
	}
	return ACL_NONE;
}

/* The first child, after a literal one, that takes the level and can still change the outcome; ACL_NONE where none. */
static uint32_t choose_other(const struct walk *walk, const struct acl_node *node, size_t end)
{
	uint32_t child;

	if (end == walk->at + 1 && walk->topic[walk->at] == '#') /* no child covers what `#` means */
		return ACL_NONE;
	child = choose_plus(walk, node->plus);
	return child == ACL_NONE ? choose_shaped(walk, node->shape, end) : child;
}

/* The same, after `tried`. */
static uint32_t choose_next(const struct walk *walk, const struct acl_node *tried, size_t end)
{
	const struct acl_node *node = &walk->acl->nodes[walk->node];

	if (tried->edge == ACL_EDGE_PATTERN)
		return choose_shaped(walk, walk->acl->shapes[tried->shaped].next, end);
	return tried->edge == ACL_EDGE_LITERAL ? choose_other(walk, node, end) : choose_shaped(walk, node->shape, end);
}

static void descend(struct walk *walk, uint32_t child, size_t end)
{
	const struct acl_node *node = &walk->acl->nodes[child];
	bool given;

	if (walk->node == ACL_ROOT && node->edge == ACL_EDGE_PATTERN) {
		walk->no_allow = first_character(walk, node->label, node->label_length, &given) == '$' && given;
		narrow(walk);
	}
	walk->forks += has_siblings(walk, node);
	walk->node = child;
	walk->at = end + 1;
	walk->depth++;
}

static size_t level_start(const struct walk *walk, uint32_t depth, size_t end)
{
	if (depth < walk->kept)
		return walk->levels[depth].start;
	while (end > 0 && walk->topic[end - 1] != '/')
		end--;
	return end;
}

/* Climbs out of a dead end to the next way to go and takes it; false where there is none. */
static bool climb(struct walk *walk)
{
	while (walk->forks > 0) {
		const struct acl_node *tried = &walk->acl->nodes[walk->node];
		size_t end = walk->at - 1;
		uint32_t child;

		walk->at = level_start(walk, --walk->depth, end);
		walk->node = tried->parent;
		if (walk->no_allow && walk->node == ACL_ROOT) {
			walk->no_allow = false;
			narrow(walk);
		}
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

/* Finds the first levels, as many as the block may ask for. */
static void scan_levels(struct walk *walk)
{
	uint32_t most = walk->acl->depth < LEVELS_KEPT ? walk->acl->depth : LEVELS_KEPT, kept = 0;

	for (size_t at = 0; kept < most && at <= walk->length; kept++) {
		struct acl_level level = acl_scan_level(walk->topic, walk->length, at);
		walk->levels[kept] = level;
		at += level.length + (size_t)1;
	}
	walk->kept = kept;
}

/* Fetches the edges and nodes that the levels lead to where they are literals: all at the same time, while the walk
 * would wait for one after the other. */
static void prefetch(const struct walk *walk)
{
	const struct acl_slot *slots = walk->acl->slots;
	uint32_t mask = walk->acl->slot_mask, path = 0, at[LEVELS_KEPT];

	for (uint32_t i = 0; i < walk->kept; i++) {
		path = acl_path(path, walk->levels[i].key);
		at[i] = path & mask;
		__builtin_prefetch(&slots[at[i]]);
	}
	for (uint32_t i = 0; i < walk->kept; i++)
		__builtin_prefetch(&walk->acl->nodes[slots[at[i]].node]);
}

/* Goes down as long as there is nothing but literal children to look at: most of the way of most topics. */
static void skip_plain_nodes(struct walk *walk)
{
	const struct acl_node *nodes = walk->acl->nodes;
	const struct acl_slot *slots = walk->acl->slots;
	const char *text = walk->acl->text, *topic = walk->topic;
	uint32_t mask = walk->acl->slot_mask, index = walk->node, depth = walk->depth, path = nodes[index].path;
	uint8_t wanted = walk->wanted;

	while (nodes[index].plain && depth < walk->kept) {
		const struct acl_level *level = &walk->levels[depth];
		uint32_t child;

		path = acl_path(path, level->key);
		child = acl_find_literal(nodes, slots, mask, text, index, path, topic, level);
		if (child == ACL_NONE || !(nodes[child].below & wanted))
			break;
		index = child;
		walk->at = level->start + level->length + (size_t)1;
		depth++;
	}
	walk->node = index;
	walk->depth = depth;
}

static void run(struct walk *walk)
{
	const struct sqlauth_acl *acl = walk->acl;

	for (;;) {
		skip_plain_nodes(walk);
		const struct acl_node *node = &acl->nodes[walk->node];
		struct acl_level scanned;
		const struct acl_level *level = &scanned;
		uint32_t child = ACL_NONE;
		bool fork;

		if (node->tail_length > 0) {
			if (decide_behind_tail(walk, node) || !climb(walk))
				return;
			continue;
		}
		fork = (node->plus | node->shape) != 0;
		if ((node->here | node->rest | node->shape) && decide_at(walk, node))
			return;
		if (walk->at <= walk->length) {
			if (walk->depth < walk->kept)
				level = &walk->levels[walk->depth];
			else
				scanned = acl_scan_level(walk->topic, walk->length, walk->at);
			child = acl_find_literal(acl->nodes, acl->slots, acl->slot_mask, acl->text, walk->node,
				acl_path(node->path, level->key), walk->topic, level);
			if (child != ACL_NONE && (acl->nodes[child].below & walk->wanted)) {
				walk->forks += fork;
				walk->node = child;
				walk->at += level->length + (size_t)1;
				walk->depth++;
				continue;
			}
			child = fork ? choose_other(walk, node, walk->at + level->length) : ACL_NONE;
		}
		if (child != ACL_NONE)
			descend(walk, child, walk->at + level->length);
		else if (!climb(walk))
			return;
	}
}

/* Sixteen bytes at once, as gcc and clang have them on every machine. */
typedef uint8_t acl_bytes __attribute__((vector_size(16)));

/* Marks in *found what no topic name may hold: `+` and `#`, which differ in one bit, and NUL. */
static void find_invalid(acl_bytes bytes, acl_bytes *found)
{
	*found |= (acl_bytes)((bytes | ('+' ^ '#')) == '+') | (acl_bytes)(bytes == 0);
}

/* Whether a topic name holds what none may; the last bytes may be looked at twice. */
static bool name_is_invalid(const char *name, size_t length)
{
	acl_bytes found = {0}, bytes;
	uint64_t halves[2];

	for (size_t i = 0; i + sizeof bytes <= length; i += sizeof bytes) {
		memcpy(&bytes, name + i, sizeof bytes);
		find_invalid(bytes, &found);
	}
	if (length >= sizeof bytes) {
		memcpy(&bytes, name + length - sizeof bytes, sizeof bytes);
	} else {
		memset(&bytes, 'a', sizeof bytes);
		memcpy(&bytes, name, length);
	}
	find_invalid(bytes, &found);
	memcpy(halves, &found, sizeof halves);
	return (halves[0] | halves[1]) != 0;
}

struct sqlauth_verdict sqlauth_acl_check(const struct sqlauth_acl *acl, enum sqlauth_access access,
	const struct sqlauth_acl_client *client, const char *topic, size_t length)
{
	enum sqlauth_action action = access == SQLAUTH_ACCESS_PUBLISH ? SQLAUTH_PUBLISH : SQLAUTH_SUBSCRIBE;
	struct acl_level levels[LEVELS_KEPT];
	struct walk walk = {.acl = acl,
		.client = client,
		.action = action,
		.allow = acl_bit(SQLAUTH_ALLOW, action) & acl->nodes[ACL_ROOT].below,
		.deny = acl_bit(SQLAUTH_DENY, action) & acl->nodes[ACL_ROOT].below,
		.verdict = {SQLAUTH_DENIED, SQLAUTH_NO_PERMISSION},
		.levels = levels};

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
	walk.wanted = walk.allow | walk.deny;
	scan_levels(&walk);
	if (acl->slot_mask > PREFETCH_ABOVE)
		prefetch(&walk);
	run(&walk);
	return walk.verdict;
}
