/* Root makes databases for the broker, others for themselves. */
#include "owner.h"

#include <pwd.h>
#include <unistd.h>

const char *cli_owner_choose(const char *asked)
{
	if (asked)
		return asked;
	return geteuid() == 0 && getpwnam(CLI_BROKER_USER) ? CLI_BROKER_USER : NULL;
}
