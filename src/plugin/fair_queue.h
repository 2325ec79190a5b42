/* A queue that is fair between places: each place that has something waiting is served in turn, whatever the length of
 * its own line. Knows nothing of what waits.
 *
 * Bounded by a total cost. A place may hold as much as is still free, so that one alone gets half of the room and a few
 * get nearly all of it. An eighth is kept for newcomers: a place that has nothing waiting may put one item of cost 1
 * there. So whoever wants to keep others out needs as many places as the eighth holds, and not a dozen. Nobody who
 * waits is ever pushed out. O(1); one queue, one thread.
 */
#ifndef SQLAUTH_PLUGIN_FAIR_QUEUE_H
#define SQLAUTH_PLUGIN_FAIR_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAIR_QUEUE_NEWCOMERS_PART 8

struct fair_line;

/* Part of what waits; its inside is the queue's. */
struct fair_item {
	struct fair_item *prev, *next;
	struct fair_line *line; /* NULL: does not wait */
	size_t cost;
};

struct fair_queue {
	struct fair_line *lines;   /* by place */
	struct fair_line *turn;    /* a list of those lines; its head is served next */
	size_t bound, cost, count; /* of all items */
};

void fair_queue_init(struct fair_queue *queue_r, size_t bound);

/* Puts an item at the end of its place's line. False, and nothing changed: no room for it, or no memory. */
bool fair_queue_add(struct fair_queue *queue, struct fair_item *item, uint64_t place, size_t cost);

/* Takes the first item of the place whose turn it is; NULL: nothing waits. */
struct fair_item *fair_queue_take(struct fair_queue *queue);

/* Takes out an item; one that does not wait is left alone. */
void fair_queue_remove(struct fair_queue *queue, struct fair_item *item);

#endif
