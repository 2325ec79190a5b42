/* Signals that would end the process, put off until what must not stay behind is cleaned up. */
#ifndef SQLAUTH_CLI_INTERRUPT_H
#define SQLAUTH_CLI_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

#define CLI_INTERRUPTS 5

struct cli_interrupts {
	struct sigaction actions[CLI_INTERRUPTS]; /* as they were */
};

/* From now on HUP, INT, QUIT and TERM are noted, unless they were ignored, and a file that grows beyond its limit is an
 * error of the write instead of SIGXFSZ. Calls that wait return EINTR. One at a time. */
void cli_interrupts_hold(struct cli_interrupts *held_r);

/* Whether one was noted since. */
bool cli_interrupts_came(void);

/* Ends that. A signal that was noted takes its usual effect, unless the work is done in spite of it. */
void cli_interrupts_release(const struct cli_interrupts *held, bool is_done);

#endif
