/* One signal handler for the process, counted by the instances that use it: a handler is the process's, not an
 * instance's, so this is the one place that cannot do without static state. */
#include "wakeup.h"

#include <pthread.h>
#include <signal.h>

static struct sigaction before;
static pthread_t broker;
static unsigned users;

static void do_nothing(int number)
{
	(void)number;
}

bool wakeup_install(void)
{
	struct sigaction ours = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};

	if (users == 0) {
		if (sigaction(SIGURG, NULL, &before))
			return false;
		if ((before.sa_flags & SA_SIGINFO) || (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN))
			return false;
		sigemptyset(&ours.sa_mask);
		if (sigaction(SIGURG, &ours, NULL))
			return false;
		broker = pthread_self();
	}
	users++;
	return true;
}

void wakeup_uninstall(void)
{
	struct sigaction now;

	if (--users > 0)
		return;
	/* Whoever has replaced our handler meanwhile keeps its own. */
	if (!sigaction(SIGURG, NULL, &now) && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == do_nothing)
		sigaction(SIGURG, &before, NULL);
}

void wakeup_send(void)
{
	pthread_kill(broker, SIGURG);
}
