/* Noting signals instead of dying of them. Knows nothing of what is cleaned up. */
#include "interrupt.h"

#include <stddef.h>

static volatile sig_atomic_t caught;

static void note_signal(int number)
{
	caught = number;
}

static const struct {
	int number;
	void (*handler)(int);
} watched[CLI_INTERRUPTS] = {
	{SIGHUP, note_signal},
	{SIGINT, note_signal},
	{SIGQUIT, note_signal},
	{SIGTERM, note_signal},
	{SIGXFSZ, SIG_IGN},
};

void cli_interrupts_hold(struct cli_interrupts *held_r)
{
	caught = 0;
	for (size_t i = 0; i < CLI_INTERRUPTS; i++) {
		struct sigaction action = {.sa_handler = watched[i].handler};

		sigemptyset(&action.sa_mask);
		sigaction(watched[i].number, NULL, &held_r->actions[i]);
		if (held_r->actions[i].sa_handler != SIG_IGN) /* nohup stays nohup */
			sigaction(watched[i].number, &action, NULL);
	}
}

bool cli_interrupts_came(void)
{
	return caught != 0;
}

void cli_interrupts_release(const struct cli_interrupts *held, bool is_done)
{
	for (size_t i = 0; i < CLI_INTERRUPTS; i++)
		sigaction(watched[i].number, &held->actions[i], NULL);
	if (caught != 0 && !is_done)
		raise(caught);
}
