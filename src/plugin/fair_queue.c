/* Lines by place in a hash table, and the same lines in a list that is turned by one at every service. */
#include "fair_queue.h"

#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

struct fair_line {
	UT_hash_handle hh;
	struct fair_line *prev, *next;
	struct fair_item *items;
	uint64_t place; /* a keyed hash already */
	size_t cost;
};

void fair_queue_init(struct fair_queue *queue_r, size_t bound)
{
	*queue_r = (struct fair_queue){.bound = bound};
}

static struct fair_line *line_new(struct fair_queue *queue, uint64_t place)
{
	struct fair_line *line = calloc(1, sizeof *line);

	if (!line)
		return NULL;
	line->place = place;
	HASH_ADD(hh, queue->lines, place, sizeof line->place, line);
	if (!line->hh.tbl) {
		free(line);
		return NULL;
	}
	DL_APPEND(queue->turn, line);
	return line;
}

static void line_free(struct fair_queue *queue, struct fair_line *line)
{
	HASH_DELETE(hh, queue->lines, line);
	DL_DELETE(queue->turn, line);
	free(line);
}

/* Whether a place that holds so much may add so much. */
static bool has_room(const struct fair_queue *queue, size_t held, size_t cost)
{
	size_t common = queue->bound - queue->bound / FAIR_QUEUE_NEWCOMERS_PART;

	if (held == 0 && cost == 1)
		return queue->cost < queue->bound;
	return queue->cost < common && cost <= common - queue->cost && held <= common - queue->cost - cost;
}

bool fair_queue_add(struct fair_queue *queue, struct fair_item *item, uint64_t place, size_t cost)
{
	struct fair_line *line = NULL;

	HASH_FIND(hh, queue->lines, &place, sizeof place, line);
	if (!has_room(queue, line ? line->cost : 0, cost))
		return false;
	if (!line)
		line = line_new(queue, place);
	if (!line)
		return false;
	item->line = line;
	item->cost = cost;
	DL_APPEND(line->items, item);
	line->cost += cost;
	queue->cost += cost;
	queue->count++;
	return true;
}

void fair_queue_remove(struct fair_queue *queue, struct fair_item *item)
{
	struct fair_line *line = item->line;

	if (!line)
		return;
	DL_DELETE(line->items, item);
	item->line = NULL;
	line->cost -= item->cost;
	queue->cost -= item->cost;
	queue->count--;
	if (!line->items)
		line_free(queue, line);
}

struct fair_item *fair_queue_take(struct fair_queue *queue)
{
	struct fair_line *line = queue->turn;
	struct fair_item *item;

	if (!line)
		return NULL;
	item = line->items;
	DL_DELETE(queue->turn, line);
	DL_APPEND(queue->turn, line);
	fair_queue_remove(queue, item);
	return item;
}
